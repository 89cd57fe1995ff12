//! Operators at work, and the accidents that they have to deal with.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{DAY, Play};
use crate::world::id_token;
use crate::world::standard::{OWNER, PROVIDER};

/// Something that is to be done, and where.
#[derive(Clone, Copy, Debug)]
pub(super) enum Job {
    /// Support lets a driver go whose cable is stuck after the session.
    Unlock(usize),
    /// The technician restarts a station that is faulty and empty.
    Restart(usize),
    /// The technician takes an EVSE out of service.
    Disable(usize),
    /// And back into service in the evening.
    Enable(usize),
    /// The technician sets a station up anew after a repair.
    Commission(usize),
    /// The software desk installs a release.
    Update(usize),
    /// The station has installed it and starts again.
    Updated(usize),
    /// The energy desk asks for less, for two hours.
    Curtail(usize),
    /// The provider hands a station the changes of the local list.
    List(usize),
    /// The provider sets the tariff of the week (2.1).
    Tariff(usize),
    /// The provider shows a text (2.x).
    Message(usize),
    /// Support looks at a station: settings, and a fresh status.
    Look(usize),
    /// Support has a log uploaded.
    Log(usize),
    /// A driver reserves an EVSE for half an hour.
    Reserve(usize),
    /// A listed vendor's message.
    Vendor(usize),
    /// The technician tunes telemetry.
    Tune(usize),
    /// The power of a site fails.
    PowerCut(usize),
    /// And comes back.
    PowerBack(usize),
    /// The connection of everybody breaks and comes back.
    Outage,
    /// A station is handed to the owner's management system.
    Switch(usize),
}

/// The version that the fleet has at first, and the one that is rolled out.
const RELEASE: &str = "1.9.2";
/// Version of the local list at first: what commissioning left.
const LIST_FIRST: i64 = 1;

impl Play {
    /// What the week brings.
    pub(super) fn plan(&mut self, days: i64) {
        for day in 0..days {
            let working = day % 7 < 5;
            let at = |hour: i64, minute: u32| day * DAY + hour * 60 + i64::from(minute);
            let shift = |play: &mut Self, from: i64, hours: u32, job: fn(usize) -> Job| {
                let minute = at(from, 0) + i64::from(play.below(hours * 60));
                let place = play.somewhere();
                play.later(minute, job(place));
            };
            shift(self, 9, 11, Job::Unlock);
            (0..4).for_each(|_| shift(self, 7, 14, Job::Look));
            (0..6).for_each(|_| shift(self, 8, 12, Job::Reserve));
            shift(self, 8, 10, Job::Vendor);
            if working {
                shift(self, 8, 8, Job::Restart);
                shift(self, 9, 6, Job::Log);
                let repaired = self.somewhere();
                self.later(at(8, 20), Job::Disable(repaired));
                self.later(at(16, 10), Job::Enable(repaired));
                self.later(at(16, 20), Job::Commission(repaired));
                shift(self, 10, 4, Job::Tune);
            }
            // The local list: everybody gets the changes, over the night.
            if day % 7 == 1 {
                self.everybody(at(1, 0), 1, Job::List);
            }
            if day % 7 == 2 {
                // Wednesday evening the grid is short: 60 stations, over 40 min.
                for turn in 0..60 {
                    let place = usize::try_from(turn * 3).unwrap_or(0);
                    self.later(at(17, 0) + turn * 2 / 3, Job::Curtail(place));
                }
            }
            if day % 7 == 3 {
                self.later(at(15, 0), Job::PowerCut(60));
                self.later(at(15, 25), Job::PowerBack(60));
            }
            if day % 7 == 4 {
                self.everybody(at(3, 0), 1, Job::Tariff);
                self.everybody(at(10, 0), 2, Job::Message);
            }
            if day % 7 == 5 {
                self.later(at(3, 0), Job::Outage);
            }
            if day % 7 == 6 {
                self.later(at(11, 0), Job::Switch(198));
                self.later(at(11, 30), Job::Switch(199));
            }
        }
        // Rings: one station, 5 %, 25 %; the rest is next week's. At night, a station at a time, a day apart.
        for (day, from, many) in [(0, 0, 1), (1, 1, 9), (2, 10, 40)].into_iter().filter(|ring| ring.0 < days)
        {
            for number in from..from + many {
                let place = usize::try_from(number * 4 % 200 + number * 4 / 200).unwrap_or(0);
                let minute = day * DAY + 22 * 60 + 30 + (number - from) * 7;
                self.later(minute, Job::Update(place));
            }
        }
    }

    fn everybody(&mut self, from: i64, every: i64, job: fn(usize) -> Job) {
        for place in 0..self.world.stations().len() {
            // In no order of names.
            let turn = i64::try_from(place * 77 % self.world.stations().len().max(1)).unwrap_or(0);
            self.later(from + turn * every, job(place));
        }
    }

    fn somewhere(&mut self) -> usize {
        let stations = u32::try_from(self.world.stations().len()).unwrap_or(0);
        usize::try_from(self.below(stations)).unwrap_or(0)
    }

    pub(super) fn work(&mut self, minute: i64, job: Job) {
        match job {
            Job::Unlock(place) => self.unlock(place),
            Job::Restart(place) => self.restart(minute, place),
            Job::Disable(place) => self.availability(place, false),
            Job::Enable(place) => self.availability(place, true),
            Job::Commission(place) => self.commission(place),
            Job::Update(place) => self.update(minute, place),
            Job::Updated(place) => self.updated(place),
            Job::Curtail(place) => self.curtail(place),
            Job::List(place) => self.list(place),
            Job::Tariff(place) => self.tariff(place),
            Job::Message(place) => self.message(place),
            Job::Look(place) => self.look(place),
            Job::Log(place) => self.log(place),
            Job::Reserve(place) => self.reserve(place),
            Job::Vendor(place) => {
                let data =
                    json!({ "vendorId": "com.example.listed", "messageId": "status", "data": "door closed" });
                self.world.report(place, "DataTransfer", &data);
            }
            Job::Tune(place) => self.tune(place),
            Job::PowerCut(first) => self.power_cut(first),
            Job::PowerBack(first) => self.power_back(first),
            Job::Outage => self.outage(),
            Job::Switch(place) => self.switch(place),
        }
    }

    fn is_v16(&self, place: usize) -> bool {
        self.world.version(place) == Some(Version::V16)
    }

    /// What the owner's own people do goes by the owner's management system.
    fn owner(&mut self, place: usize, action: &str, payload: &Value) {
        self.world.switch(place, OWNER);
        self.world.command(place, action, payload);
        self.world.switch(place, PROVIDER);
    }

    fn unlock(&mut self, place: usize) {
        // Somebody has just stopped, and the cable does not come out.
        let Some(station) = self.world.station(place) else { return };
        let Some(evse) = station.free_evse() else { return };
        self.world.status(place, evse, "Preparing");
        self.world.status(place, evse, "Finishing");
        let payload = match self.is_v16(place) {
            true => json!({ "connectorId": evse }),
            false => json!({ "evseId": evse, "connectorId": 1 }),
        };
        self.world.command(place, "UnlockConnector", &payload);
        self.world.status(place, evse, "Available");
    }

    fn restart(&mut self, minute: i64, place: usize) {
        let Some(station) = self.world.station(place) else { return };
        if !station.charges().is_empty() {
            // When the driver has gone.
            return self.later(minute + 30, Job::Restart(place));
        }
        self.world.status(place, 1, "Faulted");
        let kind = if self.is_v16(place) { "Soft" } else { "OnIdle" };
        self.owner(place, "Reset", &json!({ "type": kind }));
    }

    fn availability(&mut self, place: usize, operative: bool) {
        let word = if operative { "Operative" } else { "Inoperative" };
        let payload = match self.is_v16(place) {
            true => json!({ "connectorId": 1, "type": word }),
            false => json!({ "evse": { "id": 1 }, "operationalStatus": word }),
        };
        self.owner(place, "ChangeAvailability", &payload);
    }

    /// Everything a new or repaired station is told.
    fn commission(&mut self, place: usize) {
        if self.is_v16(place) {
            self.owner(place, "GetConfiguration", &json!({}));
            for (key, value) in [
                ("HeartbeatInterval", "300"),
                ("MeterValueSampleInterval", "60"),
                ("ConnectionTimeOut", "120"),
            ] {
                self.owner(place, "ChangeConfiguration", &json!({ "key": key, "value": value }));
            }
        } else {
            self.owner(place, "GetBaseReport", &json!({ "requestId": 1, "reportBase": "FullInventory" }));
            let set = |component: &str, variable: &str, value: &str| json!({ "component": { "name": component }, "variable": { "name": variable }, "attributeValue": value });
            let settings = json!({ "setVariableData": [
                set("OCPPCommCtrlr", "HeartbeatInterval", "300"),
                set("SampledDataCtrlr", "TxUpdatedInterval", "60"),
                set("TxCtrlr", "EVConnectionTimeOut", "120"),
            ] });
            self.owner(place, "SetVariables", &settings);
        }
        let trigger = match self.is_v16(place) {
            true => json!({ "requestedMessage": "StatusNotification", "connectorId": 1 }),
            false => {
                json!({ "requestedMessage": "StatusNotification", "evse": { "id": 1, "connectorId": 1 } })
            }
        };
        self.world.command(place, "TriggerMessage", &trigger);
        self.world.status(place, 1, "Available");
        self.limit(place);
    }

    /// The owner's limit for the whole station: what its connection carries.
    fn limit(&mut self, place: usize) {
        let Some(carries) = self.world.station(place).and_then(|station| station.plan.envelope.station_w)
        else {
            return;
        };
        let begins = self.world.time(0);
        let periods = json!([{ "startPeriod": 0, "limit": carries }]);
        if self.is_v16(place) {
            let profile = json!({ "connectorId": 0, "csChargingProfiles": {
                "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "ChargePointMaxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": { "chargingRateUnit": "W", "startSchedule": begins, "chargingSchedulePeriod": periods } } });
            self.owner(place, "SetChargingProfile", &profile);
        } else {
            let profile = json!({ "evseId": 0, "chargingProfile": {
                "id": 1, "stackLevel": 0, "chargingProfilePurpose": "ChargingStationMaxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [{ "id": 1, "chargingRateUnit": "W", "startSchedule": begins, "chargingSchedulePeriod": periods }] } });
            self.owner(place, "SetChargingProfile", &profile);
        }
    }

    fn update(&mut self, minute: i64, place: usize) {
        let at = self.world.time(3_600);
        let location = format!("https://firmware.example.com/acme/{RELEASE}/image.bin");
        if self.is_v16(place) {
            self.owner(place, "UpdateFirmware", &json!({ "location": location, "retrieveDate": at }));
        } else {
            let firmware = json!({
                "location": location, "retrieveDateTime": at, "installDateTime": self.world.time(5_400),
                "signingCertificate": CERTIFICATE, "signature": "c2lnbmVkIGJ5IHRoZSBtYWtlcg==",
            });
            self.owner(place, "UpdateFirmware", &json!({ "requestId": 7, "firmware": firmware }));
        }
        self.later(minute + 100, Job::Updated(place));
    }

    fn updated(&mut self, place: usize) {
        let Some(station) = self.world.station(place) else { return };
        let running: Vec<u32> = station.charges().iter().map(|charge| charge.evse).collect();
        if !station.obeyed.contains_key("UpdateFirmware") {
            return;
        }
        for evse in running {
            self.world.end_session(place, evse, "SoftReset");
        }
        for status in ["Downloading", "Downloaded", "Installing", "Installed"] {
            let payload = match self.is_v16(place) {
                true => json!({ "status": status }),
                false => json!({ "status": status, "requestId": 7 }),
            };
            self.world.report(place, "FirmwareStatusNotification", &payload);
        }
        self.world.install(place, RELEASE);
        let event = json!({ "type": "FirmwareUpdated", "timestamp": self.world.time(0) });
        self.world.report(place, "SecurityEventNotification", &event);
    }

    /// Less power for every session, for two hours, from a moment within the next ten minutes.
    fn curtail(&mut self, place: usize) {
        let Some(carries) = self.world.station(place).and_then(|station| station.plan.envelope.evse_w) else {
            return;
        };
        let delay = i64::from(self.below(600));
        let (begins, limit) = (self.world.time(delay), carries * 6 / 10);
        let periods = json!([{ "startPeriod": 0, "limit": limit }]);
        if self.is_v16(place) {
            let profile = json!({ "connectorId": 0, "csChargingProfiles": {
                "chargingProfileId": 20, "stackLevel": 2, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute", "validTo": self.world.time(delay + 7_200),
                "chargingSchedule": { "duration": 7_200, "chargingRateUnit": "W", "startSchedule": begins,
                    "chargingSchedulePeriod": periods } } });
            self.world.command(place, "SetChargingProfile", &profile);
        } else {
            let profile = json!({ "evseId": 0, "chargingProfile": {
                "id": 20, "stackLevel": 2, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute", "validTo": self.world.time(delay + 7_200),
                "chargingSchedule": [{ "id": 1, "duration": 7_200, "chargingRateUnit": "W", "startSchedule": begins,
                    "chargingSchedulePeriod": periods }] } });
            self.world.command(place, "SetChargingProfile", &profile);
        }
    }

    fn list(&mut self, place: usize) {
        let version = LIST_FIRST;
        let token = format!("{:08X}", 0x0400_0000 + self.below(4_000) * 7_919);
        let payload = match self.is_v16(place) {
            true => json!({ "listVersion": version, "updateType": "Differential", "localAuthorizationList": [
                { "idTag": token, "idTagInfo": { "status": "Accepted" } } ] }),
            false => {
                json!({ "versionNumber": version, "updateType": "Differential", "localAuthorizationList": [
                { "idToken": id_token(&token), "idTokenInfo": { "status": "Accepted" } } ] })
            }
        };
        self.world.command(place, "SendLocalList", &payload);
    }

    fn tariff(&mut self, place: usize) {
        if self.world.version(place) == Some(Version::V21) {
            let tariff = json!({ "tariffId": "W10", "currency": "EUR", "energy": { "prices": [{ "priceKwh": 0.59 }] } });
            self.world.command(place, "SetDefaultTariff", &json!({ "evseId": 0, "tariff": tariff }));
        }
    }

    fn message(&mut self, place: usize) {
        if self.is_v16(place) || !place.is_multiple_of(25) {
            return;
        }
        let text =
            json!({ "format": "UTF8", "content": "Works in the car park on Saturday: please leave by 8." });
        let message = json!({ "id": 3, "priority": "NormalCycle", "message": text });
        self.world.command(place, "SetDisplayMessage", &json!({ "message": message }));
    }

    fn look(&mut self, place: usize) {
        if self.is_v16(place) {
            self.world.command(
                place,
                "GetConfiguration",
                &json!({ "key": ["HeartbeatInterval", "MeterValueSampleInterval"] }),
            );
            let trigger = json!({ "requestedMessage": "StatusNotification", "connectorId": 1 });
            self.world.command(place, "TriggerMessage", &trigger);
        } else {
            let wanted = json!({ "component": { "name": "OCPPCommCtrlr" }, "variable": { "name": "HeartbeatInterval" } });
            self.world.command(place, "GetVariables", &json!({ "getVariableData": [wanted] }));
            let evse = json!({ "id": 1, "connectorId": 1 });
            let trigger = json!({ "requestedMessage": "StatusNotification", "evse": evse });
            self.world.command(place, "TriggerMessage", &trigger);
        }
    }

    fn log(&mut self, place: usize) {
        let host = "https://logs.example.com/upload/4711";
        if self.is_v16(place) {
            self.world.command(place, "GetDiagnostics", &json!({ "location": host }));
        } else {
            let log = json!({ "remoteLocation": host });
            let payload = json!({ "logType": "DiagnosticsLog", "requestId": 5, "log": log });
            self.world.command(place, "GetLog", &payload);
        }
    }

    fn reserve(&mut self, place: usize) {
        let Some(evse) = self.world.station(place).and_then(crate::world::Station::free_evse) else { return };
        let number = i64::from(self.world.number());
        let (until, token) = (self.world.time(1_800), format!("{:08X}", 0x0500_0000 + self.below(9_000)));
        let payload = match self.is_v16(place) {
            true => {
                json!({ "connectorId": evse, "expiryDate": until, "idTag": token, "reservationId": number })
            }
            false => {
                json!({ "id": number, "expiryDateTime": until, "idToken": id_token(&token), "evseId": evse })
            }
        };
        if self.world.command(place, "ReserveNow", &payload).is_obeyed() && self.one_in(2) {
            self.world.command(place, "CancelReservation", &json!({ "reservationId": number }));
        }
    }

    fn tune(&mut self, place: usize) {
        if self.is_v16(place) {
            let payload = json!({ "key": "MeterValueSampleInterval", "value": "300" });
            self.owner(place, "ChangeConfiguration", &payload);
        } else {
            let set = json!({ "component": { "name": "SampledDataCtrlr" }, "variable": { "name": "TxUpdatedInterval" },
                "attributeValue": "300" });
            self.owner(place, "SetVariables", &json!({ "setVariableData": [set] }));
        }
    }

    /// A site of twenty goes dark: sessions end without a word.
    fn power_cut(&mut self, first: usize) {
        for place in first..first + 20 {
            self.world.power_cut(place);
            self.dark.push(place);
        }
    }

    /// All of it comes back at once, and tells what it could not: each session ended when the power did.
    fn power_back(&mut self, first: usize) {
        self.dark.retain(|place| !(first..first + 20).contains(place));
        for place in first..first + 20 {
            self.world.power_back(place);
        }
    }

    /// The service is restarted for maintenance: everybody comes back within a minute, and goes on.
    fn outage(&mut self) {
        for place in 0..self.world.stations().len() {
            self.world.hang_up(place);
        }
        for place in 0..self.world.stations().len() {
            self.world.report(place, "Heartbeat", &json!({}));
        }
    }

    /// From now on the owner's management system has it: as after the end of a contract.
    fn switch(&mut self, place: usize) {
        self.world.switch(place, OWNER);
        self.world.reconnect(place);
        self.look(place);
    }
}

/// What a maker's certificate looks like; only its form is looked at here.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUZ\n-----END CERTIFICATE-----\n";
