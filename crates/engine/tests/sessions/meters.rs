//! Doubts about what meters say.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::commands::charge;
use crate::play::{Charge, NONE, Play};

fn versions() -> impl Iterator<Item = Version> {
    Version::ALL.iter().copied()
}

/// Samples every `every_s`: power as told, and how much of it is counted.
fn run(
    play: &mut Play,
    charge: &mut Charge,
    wh: &mut f64,
    every_s: i64,
    samples: u32,
    power_w: f64,
    counted: f64,
) -> Vec<String> {
    let mut doubts = Vec::new();
    for _ in 0..samples {
        play.wait(every_s);
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let hours = every_s as f64 / 3600.0;
        *wh += power_w * hours * counted;
        let report = play.meter(charge, Some(*wh), Some(power_w));
        doubts.extend(play.tell(&report));
    }
    doubts.dedup();
    doubts
}

#[test]
fn a_register_that_goes_back() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        let mut wh = 1000.0;
        assert_eq!(run(&mut play, &mut charge, &mut wh, 60, 20, 11_000.0, 1.0), NONE);
        // Rounding is not going back.
        let rounded = play.meter(&mut charge, Some(wh - 5.0), Some(11_000.0));
        assert_eq!(play.tell(&rounded), NONE, "{version}");
        let back = play.meter(&mut charge, Some(wh - 500.0), Some(11_000.0));
        assert_eq!(play.tell(&back), ["meter_back"], "{version}");
        let end = play.end(&mut charge, 100.0, None, "Local");
        assert!(play.tell(&end).contains(&"meter_back".to_owned()), "{version}");
    }
}

#[test]
fn coarse_registers_are_given_what_they_cannot_say() {
    let mut play = Play::new(Version::V16);
    let mut charge = charge(&mut play, 1, "CARD-1");
    for tenths in ["1.0", "1.2", "1.4"] {
        play.wait(60);
        let values = json!([{"timestamp": play.at(0), "sampledValue": [{"value": tenths, "unit": "kWh"}]}]);
        let report = play.metered(&mut charge, &values);
        assert_eq!(play.tell(&report), NONE);
    }
    let end = play.end(&mut charge, 1351.0, None, "Local");
    assert_eq!(play.tell(&end), NONE);
}

#[test]
fn more_than_the_evse_can_deliver() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(900);
        let most = play.meter(&mut charge, Some(1000.0 + 5500.0), None);
        assert_eq!(play.tell(&most), NONE, "{version}");
        play.wait(900);
        let more = play.meter(&mut charge, Some(6500.0 + 9000.0), None);
        assert_eq!(play.tell(&more), ["meter_inflated"], "{version}");
    }
}

#[test]
fn energy_has_to_fit_power() {
    for version in versions() {
        for (every_s, samples) in [(10, 60), (60, 20), (300, 6), (900, 6)] {
            for (counted, doubts) in [
                (1.0, NONE),
                (0.95, NONE),
                (1.05, NONE),
                (0.8, vec!["meter_deflated".to_owned()]),
                (0.1, vec!["meter_deflated".to_owned()]),
                (1.3, vec!["meter_inflated".to_owned()]),
                (2.0, vec!["meter_inflated".to_owned()]),
            ] {
                let mut play = Play::new(version);
                let mut charge = charge(&mut play, 1, "CARD-1");
                let mut wh = 1000.0;
                let found = run(&mut play, &mut charge, &mut wh, every_s, samples, 11_000.0, counted);
                let found: std::collections::BTreeSet<_> = found.into_iter().collect();
                assert_eq!(found, doubts.into_iter().collect(), "{version} every {every_s} s, {counted}");
            }
        }
    }
}

#[test]
fn power_alone_is_held_against_the_end() {
    for version in versions() {
        for (counted, doubted) in [(1.0, false), (0.5, true)] {
            let mut play = Play::new(version);
            let mut charge = charge(&mut play, 1, "CARD-1");
            for _ in 0..10 {
                play.wait(60);
                let report = play.meter(&mut charge, None, Some(11_000.0));
                assert_eq!(play.tell(&report), NONE);
            }
            let end = play.end(&mut charge, 1000.0 + 1834.0 * counted, None, "Local");
            let found = play.tell(&end);
            assert_eq!(found.contains(&"meter_deflated".to_owned()), doubted, "{version} {found:?}");
        }
    }
}

#[test]
fn a_meter_that_stands_while_energy_flows() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        let stands = |play: &mut Play, charge: &mut Charge, power_w: Option<f64>| {
            let mut doubts = Vec::new();
            for _ in 0..6 {
                play.wait(60);
                let report = play.meter(charge, Some(1000.0), power_w);
                doubts = play.tell(&report);
            }
            doubts
        };
        let found = stands(&mut play, &mut charge, None);
        assert_eq!(found, ["meter_stands"], "{version}");
        // The vehicle takes none: it says so, or the power does.
        let mut play = Play::new(version);
        let mut charge = self::charge(&mut play, 1, "CARD-1");
        assert_eq!(stands(&mut play, &mut charge, Some(0.0)), NONE, "{version}");
        let mut play = Play::new(version);
        let mut charge = self::charge(&mut play, 1, "CARD-1");
        let report = play.flow(&mut charge, "SuspendedEV");
        assert_eq!(play.tell(&report), NONE);
        assert_eq!(stands(&mut play, &mut charge, None), NONE, "{version}");
    }
}

#[test]
fn power_that_the_evse_cannot_carry() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        for (power_w, doubts) in [(22_900.0, NONE), (24_000.0, vec!["power_above_rating".to_owned()])] {
            play.wait(60);
            let report = play.meter(&mut charge, None, Some(power_w));
            assert_eq!(play.tell(&report), doubts, "{version}");
        }
    }
}

#[test]
fn power_voltage_and_current_of_one_moment() {
    for version in versions() {
        for (power_w, doubts) in [(11_000.0, NONE), (3_000.0, vec!["power_inconsistent".to_owned()])] {
            let mut play = Play::new(version);
            let mut charge = charge(&mut play, 1, "CARD-1");
            play.wait(60);
            let mut samples = vec![play.sample("Power.Active.Import", power_w, "W", "Sample.Periodic")];
            for phase in ["L1", "L2", "L3"] {
                let mut current = play.sample("Current.Import", 16.0, "A", "Sample.Periodic");
                let mut voltage = play.sample("Voltage", 230.0, "V", "Sample.Periodic");
                current["phase"] = json!(phase);
                voltage["phase"] = json!(format!("{phase}-N"));
                samples.extend([current, voltage]);
            }
            let values = json!([{"timestamp": play.at(0), "sampledValue": samples}]);
            let report = play.metered(&mut charge, &values);
            assert_eq!(play.tell(&report), doubts, "{version}");
        }
    }
}

fn signed(play: &Play, wh: f64, context: &str) -> Value {
    let mut raw = play.sample("Energy.Active.Import.Register", wh, "Wh", context);
    if play.version == Version::V16 {
        let signature = json!({"value": "OCMF|{}|{}", "format": "SignedData", "context": context});
        return json!([{"timestamp": play.at(0), "sampledValue": [raw, signature]}]);
    }
    raw["signedMeterValue"] = json!({"signedMeterData": "T0NNRg==", "signingMethod": "", "encodingMethod": "OCMF", "publicKey": ""});
    json!([{"timestamp": play.at(0), "sampledValue": [raw]}])
}

#[test]
fn a_signature_that_used_to_be_there() {
    for version in versions() {
        let mut play = Play::new(version);
        let name = if version == Version::V16 { "transactionData" } else { "meterValue" };
        for (last, reason, doubts) in [
            (true, "Local", NONE),
            (false, "PowerLoss", NONE),
            (false, "Local", vec!["signature_missing".to_owned()]),
        ] {
            let mut charge = charge(&mut play, 1, "CARD-1");
            play.wait(600);
            let mut end = play.end(&mut charge, 2000.0, None, reason);
            end.payload[name] = signed(&play, 2000.0, "Transaction.End");
            if !last {
                end.payload.as_object_mut().unwrap().remove(name);
            }
            assert_eq!(play.tell(&end), doubts, "{version} {reason}");
            assert_eq!(play.status(1, "Available"), NONE);
        }
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(60);
        let values = signed(&play, 1100.0, "Sample.Periodic");
        let report = play.metered(&mut charge, &values);
        assert_eq!(play.tell(&report), NONE);
        play.wait(60);
        let report = play.meter(&mut charge, Some(1200.0), None);
        assert_eq!(play.tell(&report), ["signature_missing"], "{version}");
    }
}

#[test]
fn a_register_goes_on_where_it_stood() {
    for version in versions() {
        let mut play = Play::new(version);
        let session = |play: &mut Play, from: f64, to: f64| {
            assert_eq!(play.status(1, "Preparing"), NONE);
            let (mut charge, report) = play.begin(1, "CARD-1", from, None);
            let doubts = play.tell(&report);
            play.wait(3600);
            let end = play.end(&mut charge, to, None, "Local");
            assert_eq!(play.tell(&end), NONE);
            assert_eq!(play.status(1, "Available"), NONE);
            doubts
        };
        assert_eq!(session(&mut play, 500_000.0, 510_000.0), NONE);
        assert_eq!(session(&mut play, 510_010.0, 520_000.0), NONE);
        assert_eq!(session(&mut play, 400_000.0, 410_000.0), ["register_jumps"], "{version}");
        // One that begins at nought each time says nothing.
        let mut play = Play::new(version);
        for _ in 0..4 {
            assert_eq!(session(&mut play, 0.0, 9_000.0), NONE, "{version}");
        }
    }
}

#[test]
fn a_state_of_charge_that_cannot_be() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        let mut soc = |play: &mut Play, seconds: i64, soc: f64| {
            play.wait(seconds);
            let sample = play.sample("SoC", soc, "Percent", "Sample.Periodic");
            let values = json!([{"timestamp": play.at(0), "sampledValue": [sample]}]);
            let report = play.metered(&mut charge, &values);
            play.tell(&report)
        };
        for (seconds, percent) in [(60, 40.0), (60, 43.0), (300, 50.0), (60, 49.0), (60, 0.0), (60, 51.0)] {
            assert_eq!(soc(&mut play, seconds, percent), NONE, "{version} {percent}");
        }
        assert_eq!(soc(&mut play, 60, 65.0), ["soc_implausible"], "{version}");
        assert_eq!(soc(&mut play, 60, 5.0), ["soc_implausible"], "{version}");
    }
}

#[test]
fn policies_see_what_runs_and_what_it_draws() {
    for version in versions() {
        let mut play = Play::new(version);
        assert!(
            play.sees("resource.known == true && resource.transactions == 0 && resource.power_w == 0"),
            "{version}"
        );
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(60);
        let report = play.meter(&mut charge, Some(1100.0), Some(7_200.0));
        assert_eq!(play.tell(&report), NONE);
        assert!(
            play.sees("resource.known == true && resource.transactions == 1 && resource.power_w == 7200"),
            "{version}"
        );
        // Where only energy is measured, power follows from it.
        let mut play = Play::new(version);
        let mut charge = self::charge(&mut play, 1, "CARD-1");
        play.wait(355);
        let report = play.meter(&mut charge, Some(2000.0), None);
        assert_eq!(play.tell(&report), NONE);
        assert!(
            play.sees("resource.known == true && resource.transactions == 1 && resource.power_w == 10000"),
            "{version}"
        );
        let end = play.end(&mut charge, 2000.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        assert!(
            play.sees("resource.known == true && resource.transactions == 0 && resource.power_w == 0"),
            "{version}"
        );
    }
}
