//! A station that does its ordinary work raises no doubt.

use chargewarden_ocpp::Version;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::play::{Charge, NONE, Play, Report};

/// What happens next.
#[derive(Clone, Debug)]
enum Happening {
    /// Time passes.
    Wait { minutes: i64 },
    /// A driver comes to an EVSE, with a vehicle that takes so much.
    Arrive { evse: usize, token: u8, power_kw: u8, remote: bool },
    /// The driver leaves.
    Leave { evse: usize, own_token: bool },
    /// The vehicle, or a limit, stops or resumes.
    Pause { evse: usize, by_vehicle: bool },
    /// The power changes.
    Change { evse: usize, percent: u8 },
    /// The line is down.
    Part { minutes: i64, station_restarts: bool, we_restart: bool },
}

fn happening() -> impl Strategy<Value = Happening> {
    let evse = 0_usize..2;
    prop_oneof![
        4 => (1_i64..90).prop_map(|minutes| Happening::Wait { minutes }),
        3 => (evse.clone(), 0_u8..5, 2_u8..=22, any::<bool>()).prop_map(|(evse, token, power_kw, remote)| {
            Happening::Arrive { evse, token, power_kw, remote }
        }),
        3 => (evse.clone(), any::<bool>()).prop_map(|(evse, own_token)| Happening::Leave { evse, own_token }),
        1 => (evse.clone(), any::<bool>()).prop_map(|(evse, by_vehicle)| Happening::Pause { evse, by_vehicle }),
        1 => (evse, 10_u8..=100).prop_map(|(evse, percent)| Happening::Change { evse, percent }),
        2 => (1_i64..600, any::<bool>(), any::<bool>()).prop_map(|(minutes, station_restarts, we_restart)| {
            Happening::Part { minutes, station_restarts, we_restart }
        }),
    ]
}

/// How a station samples.
#[derive(Clone, Copy, Debug)]
struct Habits {
    every_s: i64,
    power: bool,
    energy: bool,
    currents: bool,
    signs: bool,
    /// The register begins at nought with each session.
    resets: bool,
    kwh: bool,
    skew_s: i64,
}

fn habits() -> impl Strategy<Value = Habits> {
    (prop_oneof![Just(15_i64), Just(60), Just(300), Just(900)], any::<[bool; 6]>(), -30_i64..=30).prop_map(
        |(every_s, [power, energy, currents, signs, resets, kwh], skew_s)| Habits {
            every_s,
            power,
            energy,
            currents,
            signs,
            resets,
            kwh,
            skew_s,
        },
    )
}

/// A vehicle at an EVSE.
struct Vehicle {
    charge: Charge,
    takes_w: f64,
    paused: bool,
    soc: f64,
}

struct Station {
    play: Play,
    habits: Habits,
    vehicles: [Option<Vehicle>; 2],
    registers_wh: [f64; 2],
    status: [&'static str; 2],
    queue: Vec<Report>,
    sampled_ms: i64,
    remote: i64,
    doubts: Vec<String>,
}

impl Station {
    fn new(version: Version, habits: Habits) -> Self {
        let play = Play::new(version);
        let sampled_ms = play.now_ms;
        let registers_wh = if habits.resets { [0.0; 2] } else { [123_456.0, 78_901.0] };
        Self {
            play,
            habits,
            vehicles: [None, None],
            registers_wh,
            status: ["Available"; 2],
            queue: Vec::new(),
            sampled_ms,
            remote: 0,
            doubts: Vec::new(),
        }
    }

    fn send(&mut self, report: Report) {
        // Nobody queues how a connector stood.
        let lasts = report.action != "StatusNotification";
        if self.play.online {
            let doubts = self.play.tell(&report);
            self.note(&doubts, &report.payload);
        } else if lasts {
            self.queue.push(report);
        }
    }

    fn note(&mut self, doubts: &[String], payload: &Value) {
        for doubt in doubts {
            self.doubts.push(format!("{doubt}: {payload}"));
        }
    }

    /// What the station does, by its own clock.
    fn by_its_clock<T>(&mut self, act: impl FnOnce(&mut Play) -> T) -> T {
        self.play.now_ms += self.habits.skew_s * 1000;
        let came = act(&mut self.play);
        self.play.now_ms -= self.habits.skew_s * 1000;
        came
    }

    fn stand(&mut self, at: usize, status: &'static str) {
        self.status[at] = status;
        let evse = i64::try_from(at).unwrap() + 1;
        let report = self.by_its_clock(|play| play.status_report(evse, status, 0));
        self.send(report);
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Wait { minutes } => self.wait(minutes * 60),
            Happening::Arrive { evse, token, power_kw, remote } => self.arrive(evse, token, power_kw, remote),
            Happening::Leave { evse, own_token } => self.leave(evse, own_token),
            Happening::Pause { evse, by_vehicle } => self.pause(evse, by_vehicle),
            Happening::Change { evse, percent } => {
                if let Some(vehicle) = &mut self.vehicles[evse] {
                    vehicle.takes_w = (vehicle.takes_w * f64::from(percent) / 50.0).clamp(1500.0, 21_000.0);
                }
            }
            Happening::Part { minutes, station_restarts, we_restart } => {
                if !we_restart {
                    self.play.part();
                }
                self.play.online = false;
                self.wait(minutes * 60);
                self.come_back(station_restarts);
            }
        }
    }

    fn come_back(&mut self, restarted: bool) {
        self.play.connect();
        if restarted {
            let boot = match self.play.version {
                Version::V16 => json!({"chargePointVendor": "V", "chargePointModel": "M"}),
                Version::V201 | Version::V21 => {
                    json!({"reason": "Watchdog", "chargingStation": {"vendorName": "V", "model": "M"}})
                }
            };
            let doubts = self.play.say("BootNotification", boot);
            self.note(&doubts, &json!("boot"));
        }
        for at in 0..2 {
            self.stand(at, self.status[at]);
        }
        for report in std::mem::take(&mut self.queue) {
            // One after the other, and each is answered.
            self.draw(150);
            self.play.now_ms += 150;
            let doubts = self.play.tell(&report);
            self.note(&doubts, &report.payload);
        }
    }

    fn wait(&mut self, seconds: i64) {
        let until_ms = self.play.now_ms + seconds * 1000;
        while self.play.now_ms < until_ms {
            let next_ms =
                (self.sampled_ms + self.habits.every_s * 1000).max(self.play.now_ms + 1).min(until_ms);
            self.draw(next_ms - self.play.now_ms);
            self.play.now_ms = next_ms;
            for at in 0..2 {
                let full = |vehicle: &Vehicle| !vehicle.paused && vehicle.soc >= 100.0;
                if self.vehicles[at].as_ref().is_some_and(full) {
                    self.pause(at, true);
                }
            }
            if next_ms - self.sampled_ms >= self.habits.every_s * 1000 {
                self.sampled_ms = next_ms;
                self.sample(0);
                self.sample(1);
                if self.play.online {
                    let doubts = self.play.say("Heartbeat", json!({}));
                    self.note(&doubts, &json!("heartbeat"));
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    fn draw(&mut self, ms: i64) {
        for at in 0..2 {
            if let Some(vehicle) = &mut self.vehicles[at]
                && !vehicle.paused
            {
                let wh = vehicle.takes_w * ms as f64 / 3_600_000.0;
                self.registers_wh[at] += wh;
                vehicle.soc = (vehicle.soc + wh / 600.0).min(100.0);
            }
        }
    }

    fn sample(&mut self, at: usize) {
        let Some(mut vehicle) = self.vehicles[at].take() else { return };
        let Habits { power, energy, currents, kwh, .. } = self.habits;
        let (wh, power_w) = (self.registers_wh[at], if vehicle.paused { 0.0 } else { vehicle.takes_w });
        let report = self.by_its_clock(|play| {
            let mut samples = Vec::new();
            let context = "Sample.Periodic";
            if energy && kwh {
                let kwh = (wh / 100.0).round() / 10.0;
                samples.push(play.sample("Energy.Active.Import.Register", kwh, "kWh", context));
            } else if energy {
                samples.push(play.sample("Energy.Active.Import.Register", wh.round(), "Wh", context));
            }
            if power {
                samples.push(play.sample("Power.Active.Import", power_w.round(), "W", context));
            }
            if currents {
                for phase in ["L1", "L2", "L3"] {
                    let amperes = (power_w / 690.0 * 10.0).round() / 10.0;
                    let mut current = play.sample("Current.Import", amperes, "A", context);
                    let mut voltage = play.sample("Voltage", 231.4, "V", context);
                    current["phase"] = json!(phase);
                    voltage["phase"] = json!(phase);
                    samples.extend([current, voltage]);
                }
            }
            samples.push(play.sample("SoC", vehicle.soc.floor(), "Percent", context));
            let values = json!([{"timestamp": play.at(0), "sampledValue": samples}]);
            play.metered(&mut vehicle.charge, &values)
        });
        self.vehicles[at] = Some(vehicle);
        self.send(report);
    }

    fn arrive(&mut self, at: usize, token: u8, power_kw: u8, remote: bool) {
        if self.vehicles[at].is_some() {
            return;
        }
        let evse = i64::try_from(at).unwrap() + 1;
        let token = format!("CARD-{evse}{token}");
        let remote = remote && self.play.online;
        self.stand(at, "Preparing");
        self.wait(7);
        if remote {
            self.remote += 1;
            let doubts = self.play.remote_start(evse, &token, self.remote);
            self.note(&doubts, &json!("remote start"));
            self.wait(12);
        }
        if self.habits.resets {
            self.registers_wh[at] = 0.0;
        }
        let (wh, id) = (self.registers_wh[at], remote.then_some(self.remote));
        let (mut charge, report) = self.by_its_clock(|play| play.begin(evse, &token, wh, id));
        self.send(report);
        self.wait(20);
        let report = self.by_its_clock(|play| play.flow(&mut charge, "Charging"));
        self.status[at] = "Charging";
        self.send(report);
        let takes_w = f64::from(power_kw) * 1000.0;
        self.vehicles[at] = Some(Vehicle { charge, takes_w, paused: false, soc: 20.0 });
    }

    fn pause(&mut self, at: usize, by_vehicle: bool) {
        let Some(mut vehicle) = self.vehicles[at].take() else { return };
        vehicle.paused = !vehicle.paused || vehicle.soc >= 100.0;
        let state = match (vehicle.paused, by_vehicle) {
            (false, _) => "Charging",
            (true, true) => "SuspendedEV",
            (true, false) => "SuspendedEVSE",
        };
        self.status[at] = state;
        let report = self.by_its_clock(|play| play.flow(&mut vehicle.charge, state));
        self.vehicles[at] = Some(vehicle);
        self.send(report);
    }

    fn leave(&mut self, at: usize, own_token: bool) {
        let Some(mut vehicle) = self.vehicles[at].take() else { return };
        let (wh, signs) = (self.registers_wh[at], self.habits.signs);
        let token = own_token.then(|| vehicle.charge.token.clone());
        let report = self.by_its_clock(|play| {
            let mut report = play.end(&mut vehicle.charge, wh, token.as_deref(), "Local");
            if signs {
                let mut value = play.sample("Energy.Active.Import.Register", wh.round(), "Wh", "Transaction.End");
                let (name, samples) = if play.version == Version::V16 {
                    let seal = json!({"value": "OCMF", "format": "SignedData", "context": "Transaction.End"});
                    ("transactionData", json!([value, seal]))
                } else {
                    value["signedMeterValue"] = json!({
                        "signedMeterData": "T0NNRg==", "signingMethod": "", "encodingMethod": "OCMF", "publicKey": "",
                    });
                    ("meterValue", json!([value]))
                };
                report.payload[name] = json!([{"timestamp": play.at(0), "sampledValue": samples}]);
            }
            report
        });
        self.send(report);
        self.stand(at, "Finishing");
        self.wait(30);
        self.stand(at, "Available");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_honest_station_raises_no_doubt(
        version in prop_oneof![Just(Version::V16), Just(Version::V201), Just(Version::V21)],
        habits in habits(),
        happenings in prop::collection::vec(happening(), 1..30),
    ) {
        let mut station = Station::new(version, habits);
        for happening in &happenings {
            station.happen(happening);
            prop_assert_eq!(&station.doubts, &NONE, "{:?} {:?}", version, happening);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Whatever is reported, no more is kept than the bounds allow.
    #[test]
    fn what_is_kept_is_bounded(
        version in prop_oneof![Just(Version::V16), Just(Version::V201), Just(Version::V21)],
        evses in prop::collection::vec(1_i64..10_000, 100),
    ) {
        let mut play = Play::fresh(version);
        play.envelope.evses = None;
        play.connect();
        for evse in evses {
            play.wait(1);
            let _ = play.status(evse, "Charging");
            let (mut charge, report) = play.begin(evse, &format!("CARD-{evse}"), 0.0, None);
            let _ = play.tell(&report);
            if evse % 2 == 0 {
                let report = play.end(&mut charge, 0.0, None, "Local");
                let _ = play.tell(&report);
            }
            let _ = play.remote_start(evse, &format!("CARD-{evse}"), evse);
        }
        prop_assert!(play.stored().len() < 64 * 1024, "{}", play.stored().len());
    }
}
