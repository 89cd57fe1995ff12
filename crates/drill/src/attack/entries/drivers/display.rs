//! C31: displays that lead drivers astray.

use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{ALL, Attack, Entry, Kind, Twin, V2};
use crate::wire::offer::{clear_message, default_tariff, show, tariff};
use crate::wire::{self, report, setting};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry {
            id: "C31",
            name: "a text that leads drivers astray",
            versions: ALL,
            kind: Kind::Hard,
            attacks: each(texts),
            twins: {
                let mut twins = each_twin(notices);
                twins.push(Twin::new("a greeting in an answer", V2, |play| {
                    for place in play.one_of_each_where(is_half_taken) {
                        let Some(version) = play.world.version(place) else { continue };
                        let answer = json!({ "idTokenInfo": { "status": "Accepted", "personalMessage": {
                            "format": "UTF8", "content": "Welcome, happy charging!",
                        } } });
                        play.work_answer(place, &order(report::authorize(version, "04A1B2C3")), &answer);
                    }
                }));
                twins
            },
        },
        Entry {
            id: "C31",
            name: "an answer whose text leads drivers astray",
            versions: V2,
            kind: Kind::Answer,
            attacks: [
                ("a link", "UTF8", "Pay at https://pay.evil.example/"),
                ("markup", "HTML", "<b>Card declined.</b>"),
                ("an address alone", "URI", "https://pay.evil.example/"),
                ("a link in disguise", "ASCII", "Card declined, go to evil-pay[.]example"),
            ]
            .into_iter()
            .map(|(name, format, text)| {
                Attack::new(name, V2, move |play| {
                    play.campaign_where(is_half_taken, |play, place| {
                        let Some(version) = play.world.version(place) else { return };
                        let answer = json!({ "idTokenInfo": { "status": "Accepted", "personalMessage": {
                            "format": format, "content": text,
                        } } });
                        play.strike_answer(place, &order(report::authorize(version, "04A1B2C3")), &answer);
                    });
                })
            })
            .collect(),
            twins: vec![],
        },
        Entry {
            id: "C31",
            name: "a harmless text on every display",
            versions: V2,
            kind: Kind::Cumulative,
            attacks: vec![
                Attack::order("out of order", V2, |at| {
                    order(show(
                        i64::from(at.number),
                        "InFront",
                        "UTF8",
                        "Out of order. Please use another station.",
                    ))
                }),
                Attack::order("every notice taken down", V2, |_| order(clear_message(1))),
            ],
            twins: vec![],
        },
    ]
}

fn texts(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if sight.is_v16() {
        let mut old = |name, key, value| lines.add(name, setting::key(key, value));
        old("a link in the price", "DefaultPriceText", "Pay at https://pay.evil.example/");
        old(
            "a link in the price, as the paper writes it",
            "DefaultPriceText",
            r#"{"priceText":"Reader broken, pay at evil-pay.example","priceTextOffline":"evil-pay.example"}"#,
        );
        old("a vendor's text", "DisplayText", "Scan www.evil-pay.example to pay");
        return lines;
    }
    let mut text = |name, priority, format, text| lines.add(name, show(31, priority, format, text));
    text("an address", "NormalCycle", "URI", "https://pay.evil.example/");
    text(
        "markup",
        "NormalCycle",
        "HTML",
        "<h1>Card reader broken</h1><a href='https://evil.example'>Pay here</a>",
    );
    text("markup without a link", "NormalCycle", "HTML", "<script>fetch('//evil')</script>");
    text("a link in plain text", "NormalCycle", "ASCII", "Reader broken. Pay at https://pay.evil.example/c");
    text("a link without a scheme", "NormalCycle", "UTF8", "Pay at pay.evil.example/c");
    text("a link with brackets", "NormalCycle", "UTF8", "Pay at evil-pay[.]example");
    text(
        "a link with dots that only look like dots",
        "NormalCycle",
        "UTF8",
        "Pay at evil-pay\u{3002}example",
    );
    text(
        "a link with characters nobody sees",
        "NormalCycle",
        "UTF8",
        "Pay at evil\u{200b}-pay.exa\u{200d}mple",
    );
    text(
        "a link whose letters only look like letters",
        "NormalCycle",
        "UTF8",
        "Pay at p\u{430}ypal.com/charge",
    );
    text("a link in words", "NormalCycle", "UTF8", "Reader broken: go to evil-pay dot example and pay there");
    text("an address in numbers", "NormalCycle", "UTF8", "Pay at 203.0.113.9/pay");
    text("a mail address", "NormalCycle", "UTF8", "Refunds: send your card number to help@evil-pay.example");
    text("always in front", "AlwaysFront", "UTF8", "Card reader broken. See the sticker for payment.");
    text(
        "pay by transfer",
        "NormalCycle",
        "UTF8",
        "Reader broken. Transfer 20 EUR to IBAN DE89 3704 0044 0532 0130 00",
    );
    text(
        "pay with coins of nobody",
        "NormalCycle",
        "UTF8",
        "Pay with BTC: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    );
    lines.add("while a driver charges", {
        let mut message = show(31, "InFront", "UTF8", "Payment failed, pay again at evil-pay.example");
        wire::merge_at(
            &mut message.payload,
            "/message",
            json!({ "transactionId": sight.session.transaction }),
        );
        message
    });
    lines.add("a setting of the display", {
        setting::variable("DisplayMessageCtrlr", "DataText", "https://pay.evil.example/")
    });
    if sight.is_v21() {
        lines.add("a code to scan", show(31, "NormalCycle", "QRCODE", "https://pay.evil.example/"));
        lines.add("a code to scan, without a link", show(31, "NormalCycle", "QRCODE", "BEGIN:VCARD"));
        lines.add("a link in another language", {
            let mut message = show(31, "NormalCycle", "UTF8", "Welcome");
            let more: Value =
                json!([{ "format": "UTF8", "language": "de", "content": "Zahlen: evil-pay.example" }]);
            wire::merge_at(&mut message.payload, "/message", json!({ "messageExtra": more }));
            message
        });
        lines.add("a link in what explains a tariff", {
            let mut offer = tariff("T-1", "EUR", 0.49);
            wire::merge(
                &mut offer,
                json!({ "description": [
                { "format": "UTF8", "content": "Cheaper at evil-pay.example" },
            ] }),
            );
            default_tariff(0, offer)
        });
    }
    lines
}

fn notices(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if sight.is_v16() {
        lines.add("a price in words", setting::key("DefaultPriceText", "0.49 EUR/kWh"));
        return lines;
    }
    let mut text = |name, format, text| lines.add(name, show(41, "NormalCycle", format, text));
    text("a welcome", "UTF8", "Welcome! Please plug in and show your card.");
    text("a price", "UTF8", "0.49 EUR/kWh, after 4 h 0.10 EUR/min.");
    text("in another language", "UTF8", "Bitte Kabel einstecken und Karte vorhalten. Schöne Weiterfahrt!");
    text("opening hours", "ASCII", "Open Mon.-Fri. 6.00-22.00, Sat. 8.00-20.00");
    text("a number to call", "ASCII", "Need help? Call 0800 123456");
    lines.add("in front, for an hour", {
        let mut message = show(42, "InFront", "UTF8", "Maintenance tonight from 22:00 to 23:00.");
        wire::merge_at(
            &mut message.payload,
            "/message",
            json!({ "startDateTime": sight.time(0), "endDateTime": sight.time(3_600) }),
        );
        message
    });
    lines.add("a notice taken down", clear_message(41));
    lines
}
