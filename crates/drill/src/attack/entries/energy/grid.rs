//! C24: how a station supports the grid, set wrongly.

use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight};
use crate::wire::profile::{clear_der, der};
use crate::wire::setting;

fn curve(points: &[(f64, f64)], unit: &str) -> Value {
    let points: Vec<Value> = points.iter().map(|(x, y)| json!({ "x": x, "y": y })).collect();
    json!({ "curve": { "curveData": points, "priority": 0, "yUnit": unit } })
}

/// Controls outside every grid code, or taken away.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if !sight.is_v21() {
        return lines;
    }
    let start = sight.time(0);
    lines.add("connects at any voltage and frequency", {
        der(
            "d1",
            "EnterService",
            true,
            json!({ "enterService": {
            "priority": 0, "highVoltage": 200.0, "lowVoltage": 0.0, "highFreq": 70.0, "lowFreq": 30.0,
            "delay": 0.0, "rampRate": 100.0,
        } }),
        )
    });
    lines.add("droop the wrong way round", {
        der(
            "d2",
            "FreqDroop",
            true,
            json!({ "freqDroop": {
            "priority": 0, "overFreq": 49.0, "underFreq": 51.0, "overDroop": 0.0, "underDroop": 0.0,
            "responseTime": 0.1,
        } }),
        )
    });
    lines.add("all reactive power, inductive", {
        der(
            "d3",
            "FixedVar",
            false,
            json!({ "fixedVar": {
            "priority": 0, "setpoint": -100.0, "unit": "PctMaxVar", "startTime": start, "duration": 86_400.0,
        } }),
        )
    });
    lines.add("a power factor of nothing", {
        der(
            "d4",
            "FixedPFInject",
            true,
            json!({ "fixedPFInject": {
            "priority": 0, "displacement": 0.05, "excitation": true,
        } }),
        )
    });
    lines.add("trips at the slightest under-voltage", {
        let settings = curve(&[(0.0, 99.0), (0.1, 99.9)], "PctEffectiveV");
        der("d5", "LVMustTrip", true, settings)
    });
    lines.add("never trips at over-voltage", {
        der("d6", "HVMustTrip", true, curve(&[(0.0, 400.0), (3_600.0, 500.0)], "PctEffectiveV"))
    });
    lines.add("reactive power that makes voltage worse", {
        let settings = curve(&[(92.0, -100.0), (98.0, 0.0), (102.0, 0.0), (108.0, 100.0)], "PctMaxVar");
        der("d7", "VoltVar", true, settings)
    });
    lines.add("no limit to how fast power rises", {
        der(
            "d8",
            "Gradients",
            true,
            json!({ "gradient": { "priority": 0, "gradient": 0.0, "softGradient": 0.0 } }),
        )
    });
    lines.add("more discharge than there is", {
        der(
            "d9",
            "LimitMaxDischarge",
            false,
            json!({ "limitMaxDischarge": {
            "priority": 0, "pctMaxDischargePower": 500.0, "startTime": start,
        } }),
        )
    });
    lines.add("every default taken away", clear_der(true, None, None));
    lines.add("the trip settings taken away", clear_der(true, Some("HVMustTrip"), None));
    lines.add("whatever is scheduled taken away", clear_der(false, None, None));
    lines.add("grid support switched off", setting::variable("DERCtrlr", "Enabled", "false"));
    lines
}
