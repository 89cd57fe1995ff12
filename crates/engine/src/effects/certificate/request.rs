//! Requests for a certificate (PKCS#10, RFC 2986), as stations send them in `SignCertificate`.

use chargewarden_policy::effect::RequestCertificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

use super::key::Key;
use super::subject::{self, Subject};
use super::{pem, signature};

/// What a signing request asks for.
pub(in crate::effects) fn request(certificate_use: &str, text: &str) -> RequestCertificate {
    let unread = RequestCertificate {
        certificate_use: certificate_use.to_owned(),
        signing: true,
        readable: false,
        proven: false,
        common_name: String::new(),
        organisation: String::new(),
        names_host: false,
        key: "",
        key_bits: 0,
        key_hash: String::new(),
        hash: "",
    };
    let Some(der) = pem::request(text) else { return unread };
    let Ok((rest, request)) = X509CertificationRequest::from_der(&der) else { return unread };
    if !rest.is_empty() {
        return unread;
    }
    let info = &request.certification_request_info;
    let (key, subject) = (Key::of(&info.subject_pki), Subject::of(&info.subject));
    let extensions = request.requested_extensions().into_iter().flatten();
    let mut alternative_names = extensions.filter_map(|extension| {
        if let ParsedExtension::SubjectAlternativeName(names) = extension { Some(names) } else { None }
    });
    let names_host =
        alternative_names.any(|names| subject::any_host(&names.general_names, &subject.common_name));
    RequestCertificate {
        readable: true,
        proven: signature::request_fits(&request),
        names_host: names_host || subject.names_host(),
        common_name: subject.common_name,
        organisation: subject.organisation,
        key: key.kind,
        key_bits: key.bits,
        key_hash: key.hash,
        hash: signature::hash(&request.signature_algorithm),
        ..unread
    }
}
