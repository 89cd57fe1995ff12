//! An upgrade request as the service gets it from the HTTP library, and a management system's answer to ours: no input
//! panics, an offer names a station by the rules, and an agreement is to a version that was offered.
#![no_main]

use chargewarden_ocpp::Version;
use chargewarden_proxy::handshake::{self, Offer, StationId, read_response};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fuzz_target!(|bytes: &[u8]| {
    if let Some(parts) = parts(bytes)
        && let Ok(offer) = Offer::read(&parts)
    {
        assert_eq!(StationId::parse(offer.station.as_str()), Ok(offer.station.clone()));
        assert!(!offer.versions.is_empty() && offer.versions.len() <= Version::ALL.len());
        assert!((1..=handshake::SECRET_BYTES_MAX).contains(&offer.credentials.secret().expose().len()));
    }
    let offered = [Version::V16, Version::V21];
    if let Ok(Some(accepted)) = read_response(bytes, KEY, &offered) {
        assert!(offered.contains(&accepted.version) && accepted.head <= bytes.len());
    }
});

/// Reads the head of a request into the parts the service judges.
fn parts(bytes: &[u8]) -> Option<http::request::Parts> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(bytes).ok().filter(httparse::Status::is_complete)?;
    let version = match request.version? {
        0 => http::Version::HTTP_10,
        _ => http::Version::HTTP_11,
    };
    let mut built = http::Request::builder().method(request.method?).uri(request.path?).version(version);
    for header in request.headers {
        built = built.header(header.name, header.value);
    }
    Some(built.body(()).ok()?.into_parts().0)
}
