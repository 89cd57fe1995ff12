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
            effective_at: tariff.time("validFrom"),
            ..price(means)
        }
        .into(),
    );
    display::contents(out, tariff.objs("description"));
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
        effective_at: None,
    }
}
