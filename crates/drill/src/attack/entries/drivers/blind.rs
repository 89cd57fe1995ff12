//! C27: stations made to tell less, later or nothing.

use serde_json::json;

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin, V2};
use crate::wire::setting::{
    Variable, clear_monitors, key, monitor, monitoring_base, monitoring_level, variable, variables,
};
use crate::world::standard::{OWNER, PROVIDER};

/// The monitor that the owner has set.
const OWNERS_MONITOR: i64 = 71;

/// The entry.
pub(super) fn entry() -> Entry {
    let mut attacks = each(blinding);
    for (name, write) in [
        ("the owner's monitor cleared", (|| clear_monitors(&[OWNERS_MONITOR])) as fn() -> _),
        ("all monitors cleared, by their numbers", || clear_monitors(&(1..=100).collect::<Vec<_>>())),
        ("the owner's monitor, out of reach", || {
            monitor(Some(OWNERS_MONITOR), "Connector", "Temperature", "UpperThreshold", 1.0e6, 9)
        }),
        ("the owner's monitor, of no weight", || {
            monitor(Some(OWNERS_MONITOR), "Connector", "Temperature", "UpperThreshold", 70.0, 9)
        }),
    ] {
        attacks.push(Attack::new(name, V2, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                owner_watches(play, place);
                play.strike(place, &order(write()));
            });
        }));
    }
    let mut twins = each_twin(tuning);
    twins.push(Twin::new("the owner clears the owner's monitor", V2, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            owner_watches(play, place);
            play.world.switch(place, OWNER);
            play.work(place, &order(clear_monitors(&[OWNERS_MONITOR])));
            play.world.switch(place, PROVIDER);
        }
    }));
    Entry {
        id: "C27",
        name: "stations made to tell less, later or nothing",
        versions: ALL,
        kind: Kind::Hard,
        attacks,
        twins,
    }
}

/// The owner watches how hot a connector gets.
fn owner_watches(play: &mut Play<'_>, place: usize) {
    play.world.switch(place, OWNER);
    let watch = order(monitor(None, "Connector", "Temperature", "UpperThreshold", 70.0, 2));
    let answer = json!({ "setMonitoringResult": [{
        "id": OWNERS_MONITOR, "status": "Accepted", "type": "UpperThreshold", "severity": 2,
        "component": { "name": "Connector" }, "variable": { "name": "Temperature" },
    }] });
    play.world.command_answered(place, &watch.action, &watch.payload, answer);
    play.world.switch(place, PROVIDER);
    play.wait_s(600);
}

fn blinding(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    let v16 = sight.is_v16();
    let mut old = |name, setting, value| lines.add_if(v16, name, || key(setting, value));
    old("a heartbeat a day", "HeartbeatInterval", "86400");
    old("a heartbeat in 68 years", "HeartbeatInterval", "2147483647");
    old("no heartbeat", "HeartbeatInterval", "0");
    old("heartbeats in no time", "heartbeatinterval", "1");
    old("a heartbeat that is no number", "HeartbeatInterval", "never");
    old("no samples", "MeterValueSampleInterval", "0");
    old("a sample an hour", "MeterValueSampleInterval", "3600");
    old("samples every second", "MeterValueSampleInterval", "1");
    old("nothing in the samples", "MeterValuesSampledData", "");
    old("no energy in the samples", "MeterValuesSampledData", "Temperature,SoC");
    old("nothing at the end of a session", "StopTxnSampledData", "");
    old("nothing by the clock", "MeterValuesAlignedData", "");
    old("status after an hour", "MinimumStatusDuration", "3600");
    old("no pings", "WebSocketPingInterval", "0");
    old("a ping in ten hours", "WebSocketPingInterval", "36000");
    old("messages of sessions tried no more", "TransactionMessageAttempts", "0");
    old("messages of sessions tried once a day", "TransactionMessageRetryInterval", "86400");
    old("a vendor's switch for security events", "SecurityEventsEnabled", "false");
    let v2x = !v16;
    let mut new = |name, component, of, value| {
        lines.add_if(v2x, name, || variable(component, of, value));
    };
    new("a heartbeat a day", "OCPPCommCtrlr", "HeartbeatInterval", "86400");
    new("no heartbeat", "OCPPCommCtrlr", "HeartbeatInterval", "0");
    new("heartbeats in no time", "ocppcommctrlr", "heartbeatInterval", "1");
    new("no pings", "OCPPCommCtrlr", "WebSocketPingInterval", "0");
    new("no samples", "SampledDataCtrlr", "TxUpdatedInterval", "0");
    new("a sample an hour", "SampledDataCtrlr", "TxUpdatedInterval", "3600");
    new("samples switched off", "SampledDataCtrlr", "Enabled", "false");
    new("nothing in the samples", "SampledDataCtrlr", "TxUpdatedMeasurands", "");
    new("nothing at the end of a session", "SampledDataCtrlr", "TxEndedMeasurands", "");
    new("samples by the clock switched off", "AlignedDataCtrlr", "Enabled", "false");
    new("monitors switched off", "MonitoringCtrlr", "Enabled", "false");
    new("severities, but none", "MonitoringCtrlr", "ActiveMonitoringLevel", "0");
    new("only what the maker has wired", "MonitoringCtrlr", "ActiveMonitoringBase", "HardWiredOnly");
    new("nothing kept while offline", "MonitoringCtrlr", "OfflineQueuingSeverity", "0");
    lines.add_if(v2x, "only what the maker has wired, by command", || monitoring_base("HardWiredOnly"));
    lines.add_if(v2x, "as from the factory", || monitoring_base("FactoryDefault"));
    lines.add_if(v2x, "only dangers", || monitoring_level(0));
    lines.add_if(v2x, "only hardware failures", || monitoring_level(1));
    lines.add_if(v2x, "severity three", || monitoring_level(3));
    lines.add_if(v2x, "messages of sessions tried no more", || {
        let attempts = Variable {
            instance: Some("TransactionEvent"),
            ..Variable::new("OCPPCommCtrlr", "MessageAttempts")
        };
        variables(&[(attempts, "0")])
    });
    lines.add_if(v2x, "among harmless ones", || {
        variables(&[
            (Variable::new("OCPPCommCtrlr", "HeartbeatInterval"), "300"),
            (Variable::new("SampledDataCtrlr", "TxUpdatedInterval"), "86400"),
        ])
    });
    lines.add_if(sight.is_v21(), "a stream of values, once a week", || {
        crate::wire::message(
            "AdjustPeriodicEventStream",
            json!({ "id": 1, "params": { "interval": 604_800, "values": 10_000 } }),
        )
    });
    lines
}

fn tuning(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    let v16 = sight.is_v16();
    let mut old = |name, setting, value| lines.add_if(v16, name, || key(setting, value));
    old("a heartbeat every five minutes", "HeartbeatInterval", "300");
    old("a heartbeat every quarter of an hour", "HeartbeatInterval", "900");
    old("a sample a minute", "MeterValueSampleInterval", "60");
    old("a sample every quarter of an hour", "ClockAlignedDataInterval", "900");
    old(
        "more in the samples",
        "MeterValuesSampledData",
        "Energy.Active.Import.Register,Power.Active.Import,SoC",
    );
    old("a ping a minute", "WebSocketPingInterval", "60");
    let v2x = !v16;
    let mut new = |name, component, of, value| {
        lines.add_if(v2x, name, || variable(component, of, value));
    };
    new("a heartbeat every five minutes", "OCPPCommCtrlr", "HeartbeatInterval", "300");
    new("a sample a minute", "SampledDataCtrlr", "TxUpdatedInterval", "60");
    new("a sample every quarter of an hour", "AlignedDataCtrlr", "Interval", "900");
    new("a ping a minute", "OCPPCommCtrlr", "WebSocketPingInterval", "60");
    new(
        "more in the samples",
        "SampledDataCtrlr",
        "TxUpdatedMeasurands",
        "Energy.Active.Import.Register,Power.Active.Import,SoC",
    );
    lines.add_if(v2x, "all monitors", || monitoring_base("All"));
    lines.add_if(v2x, "everything but chatter", || monitoring_level(8));
    lines.add_if(v2x, "a monitor of one's own", || {
        monitor(None, "Connector", "Temperature", "UpperThreshold", 65.0, 4)
    });
    lines
}
