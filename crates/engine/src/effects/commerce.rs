//! Commands that change what drivers pay, or are told to pay.

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::{Effect, SetPrice};

use super::{display, field, number};

/// 2.1 `SetDefaultTariff`.
pub(super) fn set_default_tariff(out: &mut Vec<Effect>, root: Obj<'_>) {
    if let Some(stated) = root.obj("tariff") {
        tariff(out, "tariff", stated);
    }
}

/// 2.1 `ChangeTransactionTariff`.
pub(super) fn change_transaction_tariff(out: &mut Vec<Effect>, root: Obj<'_>) {
    if let Some(stated) = root.obj("tariff") {
        tariff(out, "transaction-tariff", stated);
    }
}

/// A `Tariff`: its prices, and the texts that explain it to drivers.
pub(super) fn tariff(out: &mut Vec<Effect>, means: &'static str, tariff: Obj<'_>) {
    let energy = Prices::of(tariff, &["energy"], "priceKwh");
    let minute = Prices::of(tariff, &["chargingTime", "idleTime", "reservationTime"], "priceMinute");
    let fixed = Prices::of(tariff, &["fixedFee", "reservationFixed"], "priceFixed");
    out.push(
        SetPrice {
            tariff: field::text(tariff, "tariffId"),
            currency: field::text(tariff, "currency"),
            kwh_lowest_milli: energy.lowest,
            kwh_highest_milli: energy.highest,
            minute_highest_milli: minute.highest,
            fixed_highest_milli: fixed.highest,
            least_milli: bound(tariff, "minCost"),
            most_milli: bound(tariff, "maxCost"),
            tax_percent: tax(tariff),
            effective_at: tariff.time("validFrom"),
            ..price(means)
        }
        .into(),
    );
    display::contents(out, tariff.objs("description"));
}

/// What a session costs at least, or at most, with tax where both are stated.
fn bound(tariff: Obj<'_>, name: &str) -> Option<i64> {
    let price = tariff.obj(name)?;
    price.num("inclTax").or_else(|| price.num("exclTax")).map(number::milli)
}

/// The highest tax on any part.
fn tax(tariff: Obj<'_>) -> Option<i64> {
    const PARTS: [&str; 8] = [
        "energy",
        "chargingTime",
        "idleTime",
        "fixedFee",
        "reservationTime",
        "reservationFixed",
        "minCost",
        "maxCost",
    ];
    let parts = PARTS.iter().filter_map(|part| tariff.obj(part));
    parts.flat_map(|part| part.objs("taxRates")).filter_map(|rate| rate.num("tax")).map(number::whole).max()
}

/// The prices that ISO 15118 carries to a vehicle, in a schedule of a charging profile (2.1).
pub(super) fn price_schedule(out: &mut Vec<Effect>, schedule: Obj<'_>) {
    let rules = schedule.objs("priceRuleStacks").flat_map(|stack| stack.objs("priceRule"));
    let fees = rules.filter_map(|rule| rule.obj("energyFee")).filter_map(rational);
    let (lowest, highest) = fees.map(number::milli).fold((None, None), |(lowest, highest), fee| {
        (
            Some(lowest.map_or(fee, |low: i64| low.min(fee))),
            Some(highest.map_or(fee, |high: i64| high.max(fee))),
        )
    });
    out.push(
        SetPrice {
            currency: field::text(schedule, "currency"),
            kwh_lowest_milli: lowest,
            kwh_highest_milli: highest,
            least_milli: schedule.obj("minimumCost").and_then(rational).map(number::milli),
            most_milli: schedule.obj("maximumCost").and_then(rational).map(number::milli),
            effective_at: schedule.time("timeAnchor"),
            ..price("profile-tariff")
        }
        .into(),
    );
}

/// A `RationalNumber`.
fn rational(number: Obj<'_>) -> Option<f64> {
    let exponent = i32::try_from(number.int("exponent")?.clamp(-300, 300)).ok()?;
    Some(number.num("value")? * 10_f64.powi(exponent))
}

/// Prices as the paper on costs writes them (1.6): `chargingPrice` and `idlePrice` in a text of JSON.
pub(super) fn stated(means: &'static str, text: &str) -> SetPrice {
    let stated: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let number = |pointer: &str| stated.pointer(pointer).and_then(serde_json::Value::as_f64);
    let hours = ["/chargingPrice/hourPrice", "/idlePrice/hourPrice"].into_iter().filter_map(number);
    let kwh = number("/chargingPrice/kWhPrice").map(number::milli);
    SetPrice {
        cost_milli: number("/cost").map(number::milli),
        kwh_lowest_milli: kwh,
        kwh_highest_milli: kwh,
        minute_highest_milli: hours.map(|hour| number::milli(hour / 60.0)).max(),
        fixed_highest_milli: number("/chargingPrice/flatFee").map(number::milli),
        ..price(means)
    }
}

/// Lowest and highest of a kind of price, in thousandths of the currency unit.
#[derive(Default)]
struct Prices {
    lowest: Option<i64>,
    highest: Option<i64>,
}

impl Prices {
    fn of(tariff: Obj<'_>, parts: &[&str], name: &str) -> Self {
        let mut prices = Self::default();
        for part in parts.iter().filter_map(|part| tariff.obj(part)) {
            for price in part.objs("prices").filter_map(|price| price.num(name)) {
                let price = number::milli(price);
                prices.lowest = Some(prices.lowest.map_or(price, |lowest| lowest.min(price)));
                prices.highest = Some(prices.highest.map_or(price, |highest| highest.max(price)));
            }
        }
        prices
    }
}

/// 2.1 `ClearTariffs`: each on its own; none named means all.
pub(super) fn clear_tariffs(out: &mut Vec<Effect>, root: Obj<'_>) {
    let before = out.len();
    for id in root.list("tariffIds").filter_map(chargewarden_ocpp::Value::text) {
        out.push(SetPrice { tariff: id.into_owned(), ..price("clear-tariff") }.into());
    }
    if out.len() == before {
        out.push(price("clear-tariff").into());
    }
}

/// 2.x `CostUpdated`.
pub(super) fn cost_updated(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(cost("running-cost", root.num("totalCost")));
}

/// A cost that is stated as one amount.
pub(super) fn cost(means: &'static str, amount: Option<f64>) -> Effect {
    SetPrice { cost_milli: amount.map(number::milli), ..price(means) }.into()
}

/// A change of prices of which nothing else is stated.
pub(super) fn price(means: &'static str) -> SetPrice {
    SetPrice {
        means,
        cost_milli: None,
        tariff: String::new(),
        currency: String::new(),
        kwh_lowest_milli: None,
        kwh_highest_milli: None,
        minute_highest_milli: None,
        fixed_highest_milli: None,
        least_milli: None,
        most_milli: None,
        tax_percent: None,
        effective_at: None,
    }
}
