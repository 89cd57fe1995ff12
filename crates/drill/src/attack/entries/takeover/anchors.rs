//! C08 and C09: whom a station trusts.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::firmware::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Papers, Spot, Twin, order, vendor_data};

/// Vendor id of the paper on ISO 15118 over 1.6.
const PNC: &str = "org.openchargealliance.iso15118pnc";

fn uses(version: Version) -> &'static [&'static str] {
    match version {
        Version::V16 => &["CentralSystemRootCertificate", "ManufacturerRootCertificate"],
        Version::V201 => {
            &["CSMSRootCertificate", "ManufacturerRootCertificate", "MORootCertificate", "V2GRootCertificate"]
        }
        Version::V21 => &[
            "CSMSRootCertificate",
            "ManufacturerRootCertificate",
            "MORootCertificate",
            "V2GRootCertificate",
            "OEMRootCertificate",
        ],
    }
}

fn install(kind: &str, pem: &str) -> Order {
    order("InstallCertificate", json!({ "certificateType": kind, "certificate": pem }))
}

/// C08.
pub(super) fn installed() -> Entry {
    let papers = Papers::get();
    Entry {
        id: "C08",
        name: "a rogue authority, or a certificate that nobody asked for",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("a rogue root, for every use", ALL, |at: &Spot| {
                let rogues = [&papers.rogue_root, &papers.namesake_root, &papers.rogue_leaf];
                uses(at.version).iter().flat_map(|kind| rogues.iter().map(|pem| install(kind, pem))).collect()
            }),
            Attack::orders("a rogue root, wrapped otherwise", ALL, |at: &Spot| {
                let pem = &papers.rogue_root;
                let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
                let wrapped = [
                    pem.replace('\n', "\r\n"),
                    pem.replace('\n', " "),
                    pem.trim().to_owned(),
                    format!("\n\n{pem}\n"),
                    format!("subject=Example CSO root\n{pem}"),
                    format!("{}{pem}", papers.root),
                    format!("{pem}{}", papers.root),
                    pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
                    pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
                    body.clone(),
                    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
                    String::new(),
                ];
                uses(at.version)
                    .iter()
                    .flat_map(|kind| wrapped.iter().map(|pem| install(kind, pem)))
                    .collect()
            }),
            Attack::orders("the owner's certificate, where it has no business", ALL, |at: &Spot| {
                // On the list stands a root; what it has signed is none.
                uses(at.version).iter().map(|kind| install(kind, &papers.signer)).collect()
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let inner = |kind: &str| {
                    json!({ "certificateType": kind, "certificate": papers.rogue_root }).to_string()
                };
                [PNC, "com.example.listed", "ORG.OPENCHARGEALLIANCE.ISO15118PNC"]
                    .iter()
                    .flat_map(|vendor| {
                        [
                            vendor_data(vendor, "InstallCertificate", &inner("V2GRootCertificate")),
                            vendor_data(vendor, "InstallCertificate", &inner("MORootCertificate")),
                            vendor_data(vendor, "installcertificate", &inner("CentralSystemRootCertificate")),
                            vendor_data(vendor, "InstallCertificate", &papers.rogue_root),
                        ]
                    })
                    .collect()
            }),
            Attack::orders("a vendor's setting", ALL, |at: &Spot| {
                [
                    "RootCA",
                    "TrustedCertificate",
                    "CaBundle",
                    "ServerCertFingerprint",
                    "PinnedKey",
                    "ClientCert",
                ]
                .iter()
                .map(|key| vendor_setting(at, key, "MIIB"))
                .collect()
            }),
            Attack::orders(
                "a certificate of the station's own that it has not asked for",
                ALL,
                |at: &Spot| {
                    let chain = papers.unasked(&at.id);
                    let mut orders = vec![signed(&chain, None)];
                    if at.version != Version::V16 {
                        orders.push(signed(&chain, Some("ChargingStationCertificate")));
                        orders.push(signed(&chain, Some("V2GCertificate")));
                    }
                    orders.push(vendor_data(
                        PNC,
                        "CertificateSigned",
                        &json!({ "certificateChain": chain }).to_string(),
                    ));
                    orders.push(signed("", None));
                    orders
                },
            ),
            Attack::new("the station has asked, and gets another", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    let enrolment = Papers::get().enrolment(&at.id);
                    let _ = play.world.report(place, &enrolment.request.action, &enrolment.request.payload);
                    let _ = play.strike(place, &signed(&enrolment.other_key, None));
                    let _ = play.strike(place, &signed(&enrolment.other_name, None));
                    let _ = play.strike(place, &signed(&papers.rogue_root, None));
                });
            }),
            Attack::new("the right one, and once more", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    let enrolment = Papers::get().enrolment(&at.id);
                    let _ = play.world.report(place, &enrolment.request.action, &enrolment.request.payload);
                    let _ = play.prepare(place, &signed(&enrolment.genuine, None));
                    let _ = play.strike(place, &signed(&enrolment.other_key, None));
                });
            }),
        ],
        twins: vec![
            Twin::asks("an authority of the list", ALL, |at: &Spot| {
                install(uses(at.version).first().copied().unwrap_or_default(), &papers.root)
            }),
            Twin::new("the station asks, and gets what it asked for", ALL, |play| {
                for place in play.one_of_each() {
                    let Some(at) = play.spot(place) else { continue };
                    let enrolment = Papers::get().enrolment(&at.id);
                    let _ = play.work_report(place, &enrolment.request);
                    play.wait_s(5);
                    let _ = play.work(place, &signed(&enrolment.genuine, None));
                    play.wait_s(600);
                }
            }),
            Twin::order("asking what is installed", ALL, |at: &Spot| match at.version {
                Version::V16 => order(
                    "GetInstalledCertificateIds",
                    json!({ "certificateType": "CentralSystemRootCertificate" }),
                ),
                Version::V201 | Version::V21 => order("GetInstalledCertificateIds", json!({})),
            }),
        ],
    }
}

/// C09.
pub(super) fn removed() -> Entry {
    Entry {
        id: "C09",
        name: "a trust anchor deleted",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("without asking what there is", ALL, |_: &Spot| {
                ["SHA256", "SHA384", "SHA512"].iter().map(|hash| delete(&hash_data(hash, 7))).collect()
            }),
            Attack::new("the only one that there is", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    ask(play, place, at.version, &[1]);
                    let _ = play.strike(place, &delete(&hash_data("SHA256", 1)));
                });
            }),
            Attack::new("one after the other", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    ask(play, place, at.version, &[1, 2, 3]);
                    // The first may be somebody's work.
                    let _ = play.prepare(place, &delete(&hash_data("SHA256", 1)));
                    play.wait_s(60);
                    let _ = play.strike(place, &delete(&hash_data("SHA256", 2)));
                    let _ = play.strike(place, &delete(&hash_data("SHA256", 3)));
                });
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let inner = json!({ "certificateHashData": hash_data("SHA256", 1) }).to_string();
                [PNC, "com.example.listed"]
                    .iter()
                    .flat_map(|vendor| {
                        [
                            vendor_data(vendor, "DeleteCertificate", &inner),
                            vendor_data(vendor, "deleteCertificate ", &inner),
                        ]
                    })
                    .collect()
            }),
        ],
        twins: vec![
            Twin::new("one of two, that is not needed any more", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let Some(at) = play.spot(place) else { continue };
                    ask(play, place, at.version, &[1, 2]);
                    let _ = play.work_or_ask(place, &delete(&hash_data("SHA256", 1)));
                    play.wait_s(600);
                }
            }),
            Twin::order("asking what is installed", ALL, |at: &Spot| match at.version {
                Version::V16 => order(
                    "GetInstalledCertificateIds",
                    json!({ "certificateType": "ManufacturerRootCertificate" }),
                ),
                Version::V201 | Version::V21 => order(
                    "GetInstalledCertificateIds",
                    json!({ "certificateType": ["ManufacturerRootCertificate"] }),
                ),
            }),
        ],
    }
}

fn signed(chain: &str, kind: Option<&str>) -> Order {
    let mut payload = json!({ "certificateChain": chain });
    if let (Some(kind), Some(payload)) = (kind, payload.as_object_mut()) {
        payload.insert("certificateType".to_owned(), json!(kind));
    }
    order("CertificateSigned", payload)
}

fn hash_data(hash: &str, number: u32) -> Value {
    json!({
        "hashAlgorithm": hash, "issuerNameHash": format!("{number:064x}"),
        "issuerKeyHash": format!("{:064x}", number + 100), "serialNumber": format!("{number:x}"),
    })
}

fn delete(hash_data: &Value) -> Order {
    order("DeleteCertificate", json!({ "certificateHashData": hash_data }))
}

/// The management system asks which roots of its own a station has, and the station has these.
fn ask(play: &mut crate::attack::Play<'_>, place: usize, version: Version, numbers: &[u32]) {
    let (asked, answer) = match version {
        Version::V16 => (
            json!({ "certificateType": "CentralSystemRootCertificate" }),
            json!({ "status": "Accepted",
                "certificateHashData": numbers.iter().map(|number| hash_data("SHA256", *number)).collect::<Vec<_>>() }),
        ),
        Version::V201 | Version::V21 => {
            let one = |number: &u32| json!({ "certificateType": "CSMSRootCertificate", "certificateHashData": hash_data("SHA256", *number) });
            (
                json!({ "certificateType": ["CSMSRootCertificate"] }),
                json!({ "status": "Accepted",
                    "certificateHashDataChain": numbers.iter().map(one).collect::<Vec<_>>() }),
            )
        }
    };
    let _ = play.world.command_answered(place, "GetInstalledCertificateIds", &asked, answer);
}
