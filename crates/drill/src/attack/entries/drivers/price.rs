//! C32: prices and costs that are not as published.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Twin, V2, V21};
use crate::wire::offer::{
    clear_tariffs, cost, default_tariff, settlement, tariff, transaction_tariff, web_payment,
};
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::{self, report, setting};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let mut orders = Entry {
        id: "C32",
        name: "a price or cost that was never published",
        versions: ALL,
        kind: Kind::Hard,
        attacks: each(prices),
        twins: each_twin(published),
    };
    for (name, offer) in [
        (
            "raised while somebody charges",
            json!({ "energy": { "prices": [{ "priceKwh": 0.89 }] }, "currency": "EUR" }),
        ),
        (
            "another currency while somebody charges",
            json!({
                "energy": { "prices": [{ "priceKwh": 0.49 }] }, "currency": "GBP",
            }),
        ),
        (
            "the minute raised while somebody charges",
            json!({
                "energy": { "prices": [{ "priceKwh": 0.49 }] }, "currency": "EUR",
                "chargingTime": { "prices": [{ "priceMinute": 0.6 }] },
            }),
        ),
    ] {
        orders.attacks.push(Attack::new(name, V21, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let Some(sight) = tariffed(play, place) else { return };
                let mut offer = offer.clone();
                wire::merge(&mut offer, json!({ "tariffId": "T-2026-04" }));
                play.strike(place, &order(transaction_tariff(&sight.session.transaction, offer)));
            });
        }));
    }
    orders.twins.push(Twin::new("cheaper, as promised to a driver", V21, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            let Some(sight) = tariffed(play, place) else { continue };
            let offer = tariff("T-2026-03-GREEN", "EUR", 0.39);
            play.work(place, &order(transaction_tariff(&sight.session.transaction, offer)));
        }
    }));
    orders.twins.push(Twin::new("the cost so far, by the tariff", V2, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            for turn in 1..=3 {
                play.wait_s(900);
                let charged = charged_kwh(play, place);
                play.work(place, &order(cost(&sight.session.transaction, (charged * 49.0).round() / 100.0)));
                let _ = turn;
            }
        }
    }));
    vec![orders, answers(), settlements()]
}

/// The provider publishes a price for the station; the session there goes by it.
fn tariffed(play: &mut Play<'_>, place: usize) -> Option<Sight> {
    let sight = Sight::of(&play.spot(place)?);
    play.prepare(place, &order(default_tariff(0, tariff("T-2026-03", "EUR", 0.49))));
    play.prepare(
        place,
        &order(transaction_tariff(&sight.session.transaction, tariff("T-2026-03", "EUR", 0.49))),
    );
    play.wait_s(60);
    Some(sight)
}

/// What the session has drawn, in kWh, as its power would deliver it.
fn charged_kwh(play: &Play<'_>, place: usize) -> f64 {
    let Some(charge) = play.world.station(place).and_then(|station| station.charges().first()) else {
        return 0.0;
    };
    let ms = play.world.now().as_millis() - charge.begun.as_millis();
    let hours = f64::from(i32::try_from(ms / 1_000).unwrap_or(0)) / 3_600.0;
    f64::from(i32::try_from(charge.power_w).unwrap_or(0)) / 1_000.0 * hours
}

fn prices(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if sight.is_v16() {
        let mut old = |name, key, value| lines.add(name, setting::key(key, value));
        old(
            "the price as a setting, absurd",
            "DefaultPrice",
            r#"{"priceText":"99 EUR/kWh","chargingPrice":{"kWhPrice":99.0}}"#,
        );
        old(
            "the price as a setting, free",
            "DefaultPrice",
            r#"{"priceText":"free","chargingPrice":{"kWhPrice":0.0}}"#,
        );
        old(
            "the price as a setting, below zero",
            "DefaultPrice",
            r#"{"priceText":"bonus","chargingPrice":{"kWhPrice":-1.0}}"#,
        );
        old("a vendor's price", "TariffPerKwh", "0");
        return lines;
    }
    let tx = &sight.session.transaction;
    lines.add("a cost beyond any session", cost(tx, 9_999.0));
    lines.add("a cost below zero", cost(tx, -5.0));
    lines.add("a cost of somebody else's session", cost(&json!("tx-never"), 12.0));
    if !sight.is_v21() {
        return lines;
    }
    let with = |more: Value| {
        let mut offer = tariff("T-9", "EUR", 0.49);
        wire::merge(&mut offer, more);
        offer
    };
    lines.add("for nothing", default_tariff(0, tariff("FREE", "EUR", 0.0)));
    lines.add("absurdly dear", default_tariff(0, tariff("X", "EUR", 99.0)));
    lines.add("below zero", default_tariff(0, tariff("BONUS", "EUR", -0.5)));
    lines.add("absurdly dear, for one session", transaction_tariff(tx, tariff("X", "EUR", 99.0)));
    lines.add("dear by the minute", {
        default_tariff(0, with(json!({ "chargingTime": { "prices": [{ "priceMinute": 5.0 }] } })))
    });
    lines.add("dear when idle", {
        default_tariff(0, with(json!({ "idleTime": { "prices": [{ "priceMinute": 50.0 }] } })))
    });
    lines.add(
        "a fee to begin",
        default_tariff(0, with(json!({ "fixedFee": { "prices": [{ "priceFixed": 250.0 }] } }))),
    );
    lines.add("at least so much", default_tariff(0, with(json!({ "minCost": { "exclTax": 500.0 } }))));
    lines.add("at most nothing", default_tariff(0, with(json!({ "maxCost": { "exclTax": 0.0 } }))));
    lines.add("dear after the first kWh", {
        default_tariff(
            0,
            with(json!({ "energy": { "prices": [
            { "priceKwh": 0.49 }, { "priceKwh": 99.0, "conditions": { "minEnergy": 1_000.0 } },
        ] } })),
        )
    });
    lines.add("tax of nine hundred percent", {
        default_tariff(
            0,
            with(json!({ "energy": {
            "prices": [{ "priceKwh": 0.49 }], "taxRates": [{ "type": "vat", "tax": 900.0 }],
        } })),
        )
    });
    lines.add("a fee to reserve", {
        default_tariff(0, with(json!({ "reservationFixed": { "prices": [{ "priceFixed": 99.0 }] } })))
    });
    lines.add("in a currency that is none", default_tariff(0, tariff("T-9", "XXX", 0.49)));
    lines.add("in a currency of nobody here", default_tariff(0, tariff("T-9", "IRR", 20_000.0)));
    lines.add("absurdly dear from next month on", {
        default_tariff(0, {
            let mut offer = tariff("T-10", "EUR", 42.0);
            wire::merge(&mut offer, json!({ "validFrom": sight.time(30 * 86_400) }));
            offer
        })
    });
    lines.add("every tariff taken away", clear_tariffs(&[]));
    lines.add("in a profile, for the vehicle to read", {
        let rule = json!({
            "timeAnchor": sight.time(0), "priceScheduleID": 1, "currency": "EUR", "language": "en",
            "priceAlgorithm": "urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power",
            "priceRuleStacks": [{ "duration": 3_600, "priceRule": [{
                "energyFee": { "exponent": 0, "value": 99 }, "powerRangeStart": { "exponent": 0, "value": 0 },
            }] }],
        });
        let schedule = Schedule::watts(&[(0, 11_000.0)]).with("absolutePriceSchedule", rule);
        Profile::relative(Purpose::Tx, schedule).of(&sight.session).set(sight.version)
    });
    lines
}

fn published(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if sight.is_v16() {
        lines.add("the price as a setting", {
            setting::key("DefaultPrice", r#"{"priceText":"0.49 EUR/kWh","chargingPrice":{"kWhPrice":0.49}}"#)
        });
        return lines;
    }
    if !sight.is_v21() {
        return lines;
    }
    lines.add("the published price", default_tariff(0, tariff("T-2026-03", "EUR", 0.49)));
    lines.add("dearer on a fast charger, with a fee for blocking it", {
        let mut offer = tariff("T-2026-03-DC", "EUR", 0.79);
        wire::merge(
            &mut offer,
            json!({
                "idleTime": { "prices": [{ "priceMinute": 0.1 }] },
                "fixedFee": { "prices": [{ "priceFixed": 1.0 }] },
            }),
        );
        default_tariff(i64::from(1_u8), offer)
    });
    lines.add("cheaper at night", {
        let mut offer = tariff("T-2026-03-N", "EUR", 0.49);
        wire::merge(&mut offer, json!({ "energy": { "prices": [
            { "priceKwh": 0.49 }, { "priceKwh": 0.35, "conditions": { "startTimeOfDay": "22:00", "endTimeOfDay": "06:00" } },
        ] } }));
        default_tariff(0, offer)
    });
    lines.add("one old tariff taken away", clear_tariffs(&["T-2025-12"]));
    lines
}

fn answers() -> Entry {
    let event = |play: &Play<'_>, place: usize| -> Option<Order> {
        let sight = Sight::of(&play.spot(place)?);
        let at = sight.time(0);
        let event = report::Event {
            kind: "Updated",
            trigger: "MeterValuePeriodic",
            transaction: &sight.session.transaction,
            number: 9,
            at: &at,
            charging: Some("Charging"),
        };
        Some(order(event.with(json!({}))))
    };
    let cost = |name, total: f64| {
        Attack::new(name, V2, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                if let Some(report) = event(play, place) {
                    play.strike_answer(place, &report, &json!({ "totalCost": total }));
                }
            });
        })
    };
    Entry {
        id: "C32",
        name: "an answer with a price or cost that was never published",
        versions: V2,
        kind: Kind::Answer,
        attacks: vec![
            cost("a cost beyond any session", 9_999.0),
            cost("a cost below zero", -12.5),
            Attack::new("a token's own tariff, absurd", V21, |play| {
                play.campaign_where(is_half_taken, |play, place| {
                    let answer =
                        json!({ "idTokenInfo": { "status": "Accepted" }, "tariff": tariff("X", "EUR", 42.0) });
                    play.strike_answer(place, &order(report::authorize(Version::V21, "04A1B2C3")), &answer);
                });
            }),
            Attack::new("a token's own tariff, below zero", V21, |play| {
                play.campaign_where(is_half_taken, |play, place| {
                    let answer =
                        json!({ "idTokenInfo": { "status": "Accepted" }, "tariff": tariff("X", "EUR", -1.0) });
                    play.strike_answer(place, &order(report::authorize(Version::V21, "04A1B2C3")), &answer);
                });
            }),
        ],
        twins: vec![Twin::new("the cost so far in an answer", V2, move |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let total = (charged_kwh(play, place) * 49.0).round() / 100.0;
                if let Some(report) = event(play, place) {
                    play.work_answer(place, &report, &json!({ "totalCost": total }));
                }
            }
        })],
    }
}

fn settlements() -> Entry {
    Entry {
        id: "C32",
        name: "a payment that nobody has seen",
        versions: V21,
        kind: Kind::Report,
        attacks: vec![
            Attack::new("of nobody", V21, |play| {
                play.campaign_where(is_half_taken, |play, place| {
                    let at = play.world.time(0);
                    play.strike_report(place, &order(settlement(None, "none", 50.0, &at)));
                });
            }),
            Attack::new("of a session that was begun with a card", V21, |play| {
                play.campaign_where(is_half_taken, |play, place| {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                    let at = sight.time(0);
                    let claim = settlement(Some(&sight.session.transaction), "psp-4711", 25.0, &at);
                    play.strike_report(place, &order(claim));
                });
            }),
        ],
        twins: vec![Twin::new("of a payment by web that was announced", V21, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                play.work(place, &order(web_payment(sight.free)));
                play.wait_s(120);
                let at = play.world.time(0);
                play.work_report(place, &order(settlement(None, "psp-web-0815", 20.0, &at)));
            }
        })],
    }
}
