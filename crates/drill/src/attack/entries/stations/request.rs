//! S08: a station asks for somebody else's certificate.

use chargewarden_testkit::pki::{Key, Leaf, Request};
use serde_json::json;

use super::{half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot, V2};
use crate::wire::{is_v16, merge, message};

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S08",
        name: "a station asks for somebody else's certificate",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("of another station", ALL, half, |play, spot| {
                let other = if spot.id == "CS-0001" { "CS-0002" } else { "CS-0001" };
                strike(play, spot, &signed(&Leaf::station(other)));
            }),
            lie("of a management system", ALL, half, |play, spot| {
                strike(play, spot, &signed(&Leaf::station("csms.example.com")));
            }),
            lie("of its own, and of a host", ALL, half, |play, spot| {
                strike(play, spot, &signed(&Leaf::station(&spot.id).dns("csms.example.com")));
            }),
            lie("of its own, and of another station", ALL, half, |play, spot| {
                let name = format!("{},CS-0001", spot.id);
                strike(play, spot, &signed(&Leaf::station(&name)));
            }),
            lie("of an address", ALL, half, |play, spot| {
                strike(play, spot, &signed(&Leaf::station("10.0.0.5")));
            }),
            lie("of its own name in other letters", ALL, half, |play, spot| {
                strike(play, spot, &signed(&Leaf::station(&spot.id.to_lowercase())));
            }),
            lie("of nobody", ALL, half, |play, spot| {
                strike(play, spot, &signed(&Leaf::station("")));
            }),
            lie("that is no request", ALL, half, |play, spot| {
                let garbage = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----";
                strike(play, spot, garbage);
            }),
            lie("with something changed after it was signed", ALL, half, |play, spot| {
                let request = signed(&Leaf::station(&spot.id));
                strike(play, spot, &forged(&request));
            }),
            lie("again and again", ALL, half, |play, spot| {
                for turn in 0..8 {
                    let report = asked(spot, &signed(&Leaf::station(&spot.id)));
                    // It repeats itself a few times where no certificate comes.
                    if turn < 4 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                    play.wait_s(600);
                }
            }),
        ],
        twins: vec![
            truth("its own", ALL, half, |play, spot| {
                let report = asked(spot, &signed(&Leaf::station(&spot.id)));
                play.work_report(spot.place, &report);
            }),
            truth("its own, with a stronger key", ALL, half, |play, spot| {
                let report = asked(
                    spot,
                    &signed(&Leaf::station(&spot.id).organisation("Example CSO").key(Key::EcdsaP384)),
                );
                play.work_report(spot.place, &report);
            }),
            truth("its own, because it was told to", V2, half, |play, spot| {
                let trigger = json!({ "requestedMessage": "SignChargingStationCertificate" });
                play.work(spot.place, &order(message("TriggerMessage", trigger)));
                play.wait_s(5);
                let report = asked(spot, &signed(&Leaf::station(&spot.id)));
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn strike(play: &mut Play<'_>, spot: &Spot, csr: &str) {
    let report = asked(spot, csr);
    play.strike_report(spot.place, &report);
}

fn signed(leaf: &Leaf) -> String {
    Request::new(leaf).pem().to_owned()
}

fn asked(spot: &Spot, csr: &str) -> Order {
    let mut payload = json!({ "csr": csr });
    if !is_v16(spot.version) {
        merge(&mut payload, json!({ "certificateType": "ChargingStationCertificate" }));
    }
    order(message("SignCertificate", payload))
}

/// The same with another letter in the middle, where the name stands.
fn forged(request: &str) -> String {
    let mut lines: Vec<String> = request.lines().map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(1) {
        let swapped = line.replacen('M', "N", 2);
        *line = swapped;
    }
    lines.join("\n")
}
