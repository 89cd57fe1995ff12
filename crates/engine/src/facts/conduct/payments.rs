//! Payments (2.1): what a station says was paid has to have been announced.

use chargewarden_ocpp::{Action, Obj, Side, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::lately::is_within;
use crate::effects::MessageKind;
use crate::facts::{Heard, Learned, Mark};

const DAY_MS: i64 = 86_400_000;
/// How long after its session a payment may be settled: over a weekend and a holiday.
const SETTLED_WITHIN_MS: i64 = 7 * DAY_MS;
/// How long a payment by web may take from its beginning to its settlement.
const WEB_MS: i64 = DAY_MS;
/// Announcements kept: reference and transaction of 16 sessions. Of more the oldest are forgotten.
const ANNOUNCED_MAX: usize = 32;
/// The type of a token that stands for a payment at the station.
const DIRECT_PAYMENT: &str = "DirectPayment";

/// What is kept of the payments of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Payments {
    /// References and transactions of payments that were announced, oldest first.
    announced: Vec<Announced>,
    /// When a payment by web was last announced, in ms since the Unix epoch.
    web_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    what: Mark,
    at_ms: i64,
}

impl Payments {
    /// What is odd about a payment that is said to be settled. `new_here` says whether sessions may be paid now that began
    /// before the station was known.
    pub(super) fn doubts(&self, new_here: bool, heard: &Heard<'_>, out: &mut Doubts) {
        let message = heard.message;
        if message.action != Action::NotifySettlement || !is_call(heard, Side::Station) {
            return;
        }
        let root = message.payload.root();
        let settled = root.text("status").is_some_and(|status| status == "Settled");
        if !settled || root.num("settlementAmount").is_none_or(|amount| amount <= 0.0) {
            return;
        }
        let now_ms = message.now.as_millis();
        let transaction = root.text("transactionId");
        let names = [
            root.text("pspRef").map(|reference| heard.token(&reference)),
            transaction.as_deref().map(|transaction| of_transaction(heard, transaction)),
        ];
        let known = |name: &Mark| {
            self.announced
                .iter()
                .any(|known| known.what == *name && is_within(known.at_ms, now_ms, SETTLED_WITHIN_MS))
        };
        let announced = names.iter().flatten().any(known)
            // Its reference is between driver and bank, and passes through here never.
            || self.web_ms.is_some_and(|at_ms| is_within(at_ms, now_ms, WEB_MS));
        let before_us = new_here && transaction.is_some();
        out.add_if(!announced && !before_us, Doubt::PaymentUnknown);
    }

    /// Takes in what announces a payment.
    pub(super) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        let message = heard.message;
        if message.version != Version::V21 {
            return Learned::Nothing;
        }
        let now_ms = message.now.as_millis();
        let root = message.payload.root();
        #[expect(clippy::wildcard_enum_match_arm, reason = "few messages announce a payment")]
        let announced_here = match message.action {
            Action::NotifyWebPaymentStarted if is_call(heard, Side::Csms) => {
                self.web_ms = Some(now_ms);
                return Learned::Now;
            }
            Action::RequestStartTransaction => is_call(heard, Side::Csms),
            Action::Authorize | Action::TransactionEvent => is_call(heard, Side::Station),
            _ => false,
        };
        let Some(token) = announced_here.then(|| root.obj("idToken")).flatten() else {
            return Learned::Nothing;
        };
        if !token.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case(DIRECT_PAYMENT)) {
            return Learned::Nothing;
        }
        let transaction = heard.effects.iter().find_map(transaction_of);
        let transaction = transaction.filter(|id| !id.is_empty()).map(|id| of_transaction(heard, id));
        let mut learned = Learned::Nothing;
        for what in references(heard, token).chain(transaction) {
            learned.also(self.announce(what, now_ms));
        }
        learned
    }

    fn announce(&mut self, what: Mark, now_ms: i64) -> Learned {
        self.announced.retain(|known| is_within(known.at_ms, now_ms, SETTLED_WITHIN_MS));
        if self.announced.iter().any(|known| known.what == what) {
            return Learned::Nothing;
        }
        if self.announced.len() >= ANNOUNCED_MAX {
            self.announced.remove(0);
        }
        self.announced.push(Announced { what, at_ms: now_ms });
        Learned::Now
    }
}

/// The references of a payment: the token is one, and what comes with it may be.
fn references<'a>(heard: &'a Heard<'_>, token: Obj<'a>) -> impl Iterator<Item = Mark> + 'a {
    let more = token.objs("additionalInfo").filter_map(|more| more.text("additionalIdToken"));
    token.text("idToken").into_iter().chain(more).map(|text| heard.token(&text))
}

fn of_transaction(heard: &Heard<'_>, id: &str) -> Mark {
    Mark::of(heard.key, &format!("paid transaction {id}"))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few effects name a transaction")]
fn transaction_of(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::BeginTransaction(begun) => Some(&begun.transaction),
        Effect::UpdateTransaction(update) => Some(&update.transaction),
        Effect::EndTransaction(ended) => Some(&ended.transaction),
        _ => None,
    }
}

fn is_call(heard: &Heard<'_>, from: Side) -> bool {
    heard.message.from == from && heard.message.kind == MessageKind::Call
}
