//! How much is enough.

use toml::de::DeValue;

use super::fields::{Fields, Trouble, wrong};
use crate::limit::{Maximum, Scope};

/// Largest count. More is no limit, and the ledger keeps every one in memory.
const COUNT_MAX: i64 = 1_000_000;
/// Largest power, in kW: ten gigawatts are more than any fleet.
const KW_MAX: f64 = 10_000_000.0;
/// Largest share of the power drawn, in %: what grows tenfold is not limited.
const POWER_PERCENT_MAX: f64 = 1_000.0;

const FIELDS: [&str; 5] = ["count", "stations", "stations_percent", "kw", "power_percent"];

pub(super) fn read(fields: &Fields<'_, '_>, scope: Option<Scope>) -> (Maximum, Vec<Trouble>) {
    let mut troubles = fields.unknown(&FIELDS);
    let mut note = |trouble| troubles.push(trouble);
    let max = Maximum {
        count: whole(fields, "count").unwrap_or_else(|trouble| {
            note(trouble);
            None
        }),
        stations: whole(fields, "stations").unwrap_or_else(|trouble| {
            note(trouble);
            None
        }),
        stations_percent: number(fields, "stations_percent", 100.0).unwrap_or_else(|trouble| {
            note(trouble);
            None
        }),
        kw: number(fields, "kw", KW_MAX).unwrap_or_else(|trouble| {
            note(trouble);
            None
        }),
        power_percent: number(fields, "power_percent", POWER_PERCENT_MAX).unwrap_or_else(|trouble| {
            note(trouble);
            None
        }),
    };
    if troubles.is_empty() && max == Maximum::default() {
        let what = format!("`max` is empty: it has one or more of {}", FIELDS.join(", "));
        troubles.push(Trouble::at(fields.start, what));
    }
    for field in ["stations", "stations_percent"] {
        if scope == Some(Scope::Station) && fields.has(field) {
            let what = format!("`{field}` of one station: use `count`, or a wider scope");
            troubles.push(Trouble::at(fields.start_of(field), what));
        }
    }
    (max, troubles)
}

fn whole(fields: &Fields<'_, '_>, name: &str) -> Result<Option<u32>, Trouble> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let DeValue::Integer(integer) = value.get_ref() else { return Err(wrong(name, value, "a whole number")) };
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i64::MAX);
    match u32::try_from(number) {
        Ok(number) if (1..=COUNT_MAX).contains(&i64::from(number)) => Ok(Some(number)),
        Ok(0) => Err(never(name, value.span().start)),
        Ok(_) | Err(_) => {
            Err(Trouble::at(value.span().start, format!("`{name} = {number}`: it is 1 to {COUNT_MAX}")))
        }
    }
}

fn number(fields: &Fields<'_, '_>, name: &str, most: f64) -> Result<Option<f64>, Trouble> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let text = match value.get_ref() {
        DeValue::Integer(integer) => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => return Err(wrong(name, value, "a number")),
    };
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= most => Ok(Some(number)),
        Ok(0.0) => Err(never(name, value.span().start)),
        Ok(_) | Err(_) => Err(Trouble::at(
            value.span().start,
            format!("`{name} = {text}`: it is more than 0, at most {most}"),
        )),
    }
}

fn never(name: &str, offset: usize) -> Trouble {
    Trouble::at(offset, format!("`{name} = 0`: what may never happen is a `forbid` in a policy"))
}
