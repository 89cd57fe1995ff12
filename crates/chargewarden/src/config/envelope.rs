//! What sites and stations can carry, as people state it: in kW, which is what stands on the plate.

use std::collections::BTreeMap;

use chargewarden_policy::Envelope;

use super::{Config, Problems, StationEntry};

/// Most that anything is stated to carry, in kW: 100 MW, more than any site has.
const KW_MAX: f64 = 100_000.0;

/// Most EVSEs of a station: more than any has, and as many as its state remembers.
const EVSES_MAX: u32 = 64;

/// What a site can carry, in W.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Site {
    most_w: Option<i64>,
    export_w: Option<i64>,
}

/// The sites by name.
pub(super) fn sites(config: &Config, problems: &mut Problems) -> BTreeMap<String, Site> {
    let mut sites = BTreeMap::new();
    for (number, entry) in config.site.iter().enumerate() {
        let at = format!("site[{number}]");
        let mut read = |key: &str, stated: Option<f64>, least: &str| {
            let read = stated.map(|kw| if least == "0" { export_watts(kw) } else { watts(kw) });
            read.and_then(|read| read.map_err(|what| problems.add(format!("{at}.{key}"), what)).ok())
        };
        let site = Site {
            most_w: read("max_kw", entry.max_kw, ""),
            export_w: read("export_kw", entry.export_kw, "0"),
        };
        if entry.name.is_empty() {
            problems.add(format!("{at}.name"), "say which site it is, as stations name it in `site`");
        } else if sites.insert(entry.name.clone(), site).is_some() {
            problems.add(format!("{at}.name"), format!("`{}` was already given", entry.name));
        }
    }
    sites
}

/// What the station of an entry, and its site, can carry.
pub(super) fn envelope(
    entry: &StationEntry,
    sites: &BTreeMap<String, Site>,
    note: &mut impl FnMut(&str, String),
) -> Envelope {
    let mut read =
        |key: &str, stated: Option<f64>| stated.and_then(|kw| watts(kw).map_err(|what| note(key, what)).ok());
    let (evse_w, station_w) = (read("evse_max_kw", entry.evse_max_kw), read("max_kw", entry.max_kw));
    if let Some(evses) = entry.evses.filter(|evses| !(1..=EVSES_MAX).contains(evses)) {
        note("evses", format!("`{evses}` is not between 1 and {EVSES_MAX}"));
    }
    let site = entry.site.as_ref().and_then(|site| sites.get(site)).copied().unwrap_or_default();
    Envelope {
        evses: entry.evses.map(i64::from),
        evse_w,
        station_w,
        site_w: site.most_w,
        export_w: site.export_w,
    }
}

/// W of kW that something carries.
///
/// # Errors
/// What is wrong with the number.
pub(crate) fn watts(kw: f64) -> Result<i64, String> {
    if kw > 0.0 { export_watts(kw) } else { Err(unfit(kw)) }
}

/// kW of W.
pub(crate) fn kilowatts(watts: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 10^8")]
    let watts = watts as f64;
    watts / 1000.0
}

/// The same where nothing is a possible value.
fn export_watts(kw: f64) -> Result<i64, String> {
    if !(0.0..=KW_MAX).contains(&kw) {
        return Err(unfit(kw));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and below 10^8")]
    let watts = (kw * 1000.0).round() as i64;
    Ok(watts)
}

fn unfit(kw: f64) -> String {
    format!("`{kw}` is not a power in kW, above 0 and at most {KW_MAX}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilowatts_are_read() {
        assert_eq!((watts(22.08), watts(7.4)), (Ok(22_080), Ok(7_400)));
        for kw in [0.0, -1.0, f64::NAN, f64::INFINITY, 100_001.0] {
            assert!(watts(kw).is_err(), "{kw}");
        }
        assert_eq!(export_watts(0.0), Ok(0));
    }

    #[test]
    fn a_station_has_the_envelope_of_its_site() {
        let text = r#"
            [[site]]
            name = "depot"
            max_kw = 100
            export_kw = 0
            [[site]]
            name = "depot"
            max_kw = -5
            [[site]]
        "#;
        let mut problems = Problems::default();
        let config: Config = toml::from_str(text).unwrap();
        let sites = sites(&config, &mut problems);
        let told: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "site[1].max_kw: `-5` is not a power in kW, above 0 and at most 100000",
                "site[1].name: `depot` was already given",
                "site[2].name: say which site it is, as stations name it in `site`",
            ]
        );
        let sites = BTreeMap::from([("depot".to_owned(), Site { most_w: Some(100_000), ..sites["depot"] })]);
        let entry = StationEntry {
            site: Some("depot".to_owned()),
            evses: Some(65),
            evse_max_kw: Some(22.0),
            max_kw: Some(0.0),
            ..StationEntry::default()
        };
        let mut notes = Vec::new();
        let envelope = envelope(&entry, &sites, &mut |key, _| notes.push(key.to_owned()));
        assert_eq!(notes, ["max_kw", "evses"]);
        assert_eq!(
            (envelope.evse_w, envelope.station_w, envelope.site_w),
            (Some(22_000), None, Some(100_000))
        );
    }
}
