//! Tokens that a station presents: whether somebody tries them.
//!
//! Only marks of tokens are kept. That one token follows another is seen by making the marks of its neighbours.

use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::effect::{Effect, Token};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::lately::is_within;
use crate::effects::MessageKind;
use crate::facts::{Heard, Learned, Mark};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Over how long refused tokens count.
const REFUSED_MS: i64 = 10 * MINUTE_MS;
/// Refused tokens at an EVSE in that time that drivers account for: a retry each, of three.
const REFUSED_MAX: usize = 5;
/// Over how long different tokens count.
const DIFFERENT_MS: i64 = HOUR_MS;
/// Different tokens at an EVSE in that time: sessions of 6 min.
const DIFFERENT_MAX: usize = 10;
/// Of how many tokens in the order of their numbers the last is odd: two neighbours may be refused by chance.
const IN_ORDER: u8 = 3;
/// A token that is refused again within this time is the same driver's same attempt: stations ask when a card is shown and
/// again when they begin.
const SAME_ATTEMPT_MS: i64 = MINUTE_MS;
/// EVSEs for which the allowance of a common reader grows: a larger station has several readers.
const EVSES_MAX: u8 = 16;
/// EVSEs of a station of which nothing is known.
const EVSES_ASSUMED: i64 = 2;
/// Tokens kept: as many as any count asks for, those of the station as a whole.
const TRIED_MAX: usize = DIFFERENT_MAX * (EVSES_MAX as usize + 1);
/// Refusals kept: the same.
const REFUSALS_MAX: usize = REFUSED_MAX * (EVSES_MAX as usize + 1);

/// What is kept of the tokens of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tokens {
    /// Tokens presented in the last hour, oldest first; each once.
    tried: Vec<Tried>,
    /// Refusals of the last 10 min, oldest first.
    refusals: Vec<Refusal>,
    /// The highest number of an EVSE that was heard.
    evses: i64,
}

/// A token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    token: Mark,
    /// Where, 0 while not said: a token is often asked for before anybody knows where it will be used.
    evse: i64,
    at_ms: i64,
    /// When the management system last refused it, if it did not accept it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_ms: Option<i64>,
    /// How many tokens in the order of their numbers end with it, each but the last refused.
    #[serde(default)]
    run: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    evse: i64,
    at_ms: i64,
}

/// A token in a report.
struct Presented<'a> {
    token: &'a Token,
    mark: Mark,
    evse: i64,
    at_ms: i64,
}

impl Tokens {
    /// What is odd about a token that a station presents.
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        let Some(presented) = presented(heard) else { return };
        let now_ms = heard.message.now.as_millis();
        let known = self.tried.iter().any(|tried| tried.token == presented.mark);
        let evses = heard.about.envelope.evses.unwrap_or(self.evses);
        let refused = |place: Option<i64>| {
            let here = |refusal: &&Refusal| {
                place.is_none_or(|evse| refusal.evse == evse) && is_within(refusal.at_ms, now_ms, REFUSED_MS)
            };
            self.refusals.iter().filter(here).count()
        };
        let others = |place: Option<i64>| {
            let here = |tried: &&Tried| {
                place.is_none_or(|evse| tried.evse == evse) && is_within(tried.at_ms, now_ms, DIFFERENT_MS)
            };
            if known { 0 } else { self.tried.iter().filter(here).count() }
        };
        let tried =
            |place, enough: Enough| refused(place) >= enough.refused || others(place) >= enough.different;
        let here = tried(Some(presented.evse), Enough::at(presented.evse, evses));
        out.add_if(here || tried(None, Enough::everywhere(evses)), Doubt::TokensTried);
        out.add_if(self.run(heard, &presented) >= IN_ORDER, Doubt::TokensInOrder);
    }

    /// Takes in a report that presents a token, or the answer to it.
    pub(super) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        match heard.message.from {
            Side::Station => self.learn_report(heard),
            Side::Csms => self.learn_answer(heard),
        }
    }

    fn learn_report(&mut self, heard: &Heard<'_>) -> Learned {
        let mut learned = Learned::Nothing;
        for evse in heard.effects.iter().filter_map(evse_of) {
            if evse > self.evses {
                self.evses = evse.min(EVSES_MAX.into());
                learned = Learned::Later;
            }
        }
        let Some(presented) = presented(heard) else { return learned };
        let now_ms = heard.message.now.as_millis();
        let run = self.run(heard, &presented);
        self.tried.retain(|tried| is_within(tried.at_ms, now_ms, DIFFERENT_MS));
        if let Some(tried) = self.tried.iter_mut().find(|tried| tried.token == presented.mark) {
            if presented.evse == 0 || tried.evse == presented.evse {
                return learned;
            }
            tried.evse = presented.evse;
            return Learned::Later;
        }
        if !is_within(presented.at_ms, now_ms, DIFFERENT_MS) {
            // From a time offline. Who was let in then is no guess of now.
            return learned;
        }
        if self.tried.len() >= TRIED_MAX {
            self.tried.remove(0);
        }
        let Presented { mark: token, evse, at_ms, .. } = presented;
        self.tried.push(Tried { token, evse, at_ms, refused_ms: None, run });
        Learned::Later
    }

    fn learn_answer(&mut self, heard: &Heard<'_>) -> Learned {
        let Some((token, accepted)) = heard.effects.iter().find_map(judged) else { return Learned::Nothing };
        let (mark, now_ms) = (heard.token(token.expose()), heard.message.now.as_millis());
        let Some(tried) = self.tried.iter_mut().find(|tried| tried.token == mark) else {
            return Learned::Nothing;
        };
        if accepted {
            let news = tried.refused_ms.take().is_some();
            return if news { Learned::Later } else { Learned::Nothing };
        }
        let again = tried.refused_ms.replace(now_ms);
        if again.is_some_and(|at_ms| is_within(at_ms, now_ms, SAME_ATTEMPT_MS)) {
            return Learned::Later;
        }
        let refusal = Refusal { evse: tried.evse, at_ms: now_ms };
        self.refusals.retain(|refusal| is_within(refusal.at_ms, now_ms, REFUSED_MS));
        if self.refusals.len() >= REFUSALS_MAX {
            self.refusals.remove(0);
        }
        self.refusals.push(refusal);
        Learned::Later
    }

    /// How many tokens in the order of their numbers end with this one, each but the last refused.
    fn run(&self, heard: &Heard<'_>, presented: &Presented<'_>) -> u8 {
        let now_ms = heard.message.now.as_millis();
        if let Some(known) = self.tried.iter().find(|tried| tried.token == presented.mark) {
            return known.run;
        }
        let refused = || {
            let lately = |at_ms| is_within(at_ms, now_ms, DIFFERENT_MS);
            self.tried.iter().filter(move |tried| tried.refused_ms.is_some_and(lately))
        };
        if refused().next().is_none() {
            return 1;
        }
        let marks: Vec<Mark> =
            neighbours(presented.token.expose()).into_iter().map(|text| heard.token(&text)).collect();
        let before =
            refused().filter(|tried| marks.contains(&tried.token)).map(|tried| tried.run.max(1)).max();
        before.unwrap_or(0).saturating_add(1)
    }
}

/// How much is odd at a place.
struct Enough {
    refused: usize,
    different: usize,
}

impl Enough {
    /// At an EVSE what drivers of one EVSE account for; where none is said, what those of all do, of whom most do not stop
    /// there: a token that begins a session is counted where it does.
    fn at(evse: i64, evses: i64) -> Self {
        if evse != 0 {
            return Self { refused: REFUSED_MAX, different: DIFFERENT_MAX };
        }
        let evses = Self::evses(evses);
        Self { refused: REFUSED_MAX.max(2 * evses), different: DIFFERENT_MAX.max(4 * evses) }
    }

    /// At the station as a whole, so that nobody goes from EVSE to EVSE, invented ones included.
    fn everywhere(evses: i64) -> Self {
        let evses = Self::evses(evses).saturating_add(1);
        Self { refused: REFUSED_MAX * evses, different: DIFFERENT_MAX * evses }
    }

    fn evses(evses: i64) -> usize {
        let evses = if evses == 0 { EVSES_ASSUMED } else { evses };
        usize::try_from(evses.clamp(1, EVSES_MAX.into())).unwrap_or(1)
    }
}

/// The token of a report, if it is one that a driver has.
fn presented<'a>(heard: &'a Heard<'_>) -> Option<Presented<'a>> {
    let message = heard.message;
    match (message.from, message.kind) {
        (Side::Station, MessageKind::Call | MessageKind::Send) => {}
        (Side::Station, MessageKind::Result | MessageKind::Error) | (Side::Csms, _) => return None,
    }
    let token = heard.effects.iter().find_map(|effect| {
        let Effect::PresentToken(presented) = effect else { return None };
        let made_up = ["Central", "NoAuthorization"].contains(&presented.token_type.as_str());
        presented.token.as_ref().filter(|token| !made_up && !token.expose().is_empty())
    })?;
    let stated = heard.effects.iter().find_map(time_of);
    Some(Presented {
        token,
        mark: heard.token(token.expose()),
        evse: heard.effects.iter().find_map(evse_of).unwrap_or(0),
        at_ms: stated.map_or(message.now, |stated| stated.min(message.now)).as_millis(),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few effects judge a token")]
fn judged(effect: &Effect) -> Option<(&Token, bool)> {
    match effect {
        Effect::AcceptToken(answer) => Some((answer.token.as_ref()?, true)),
        Effect::RefuseToken(answer) => Some((answer.token.as_ref()?, false)),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few effects name an EVSE")]
fn evse_of(effect: &Effect) -> Option<i64> {
    match effect {
        Effect::BeginTransaction(begun) => begun.evse,
        Effect::UpdateTransaction(update) => update.evse,
        Effect::ReportStatus(status) => status.evse,
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few effects say when")]
fn time_of(effect: &Effect) -> Option<Timestamp> {
    match effect {
        Effect::BeginTransaction(begun) => begun.at,
        Effect::UpdateTransaction(update) => update.at,
        Effect::EndTransaction(ended) => ended.at,
        _ => None,
    }
}

/// The tokens before and after this one: its last run of digits as a decimal number, and all of it as a hexadecimal one.
fn neighbours(token: &str) -> Vec<String> {
    let token = token.to_ascii_lowercase();
    let mut found = Vec::with_capacity(4);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let end = token.rfind(|letter: char| letter.is_ascii_digit()).map_or(0, |last| last + 1);
    let begin = token
        .get(..end)
        .map_or(0, |head| head.trim_end_matches(|letter: char| letter.is_ascii_digit()).len());
    if let (Some(head), Some(number), Some(tail)) =
        (token.get(..begin), token.get(begin..end), token.get(end..))
    {
        // 18 digits: what fits, and no card has more that count.
        if (1..=18).contains(&number.len())
            && let Ok(value) = number.parse::<u64>()
        {
            let width = number.len();
            for next in [value.checked_add(1), value.checked_sub(1)].into_iter().flatten() {
                found.push(format!("{head}{next:0width$}{tail}"));
            }
        }
    }
    // A UID of 4, 7 or 8 bytes; of 10 bytes the first are the maker's.
    let (head, number) = token.split_at_checked(token.len().saturating_sub(16)).unwrap_or_default();
    let hexadecimal = number.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digits(number);
    let decimal_too = digits(number) && number.len() >= 8;
    if (hexadecimal || decimal_too)
        && number.len() >= 4
        && let Ok(value) = u64::from_str_radix(number, 16)
    {
        let width = number.len();
        for next in [value.checked_add(1), value.checked_sub(1)].into_iter().flatten() {
            found.push(format!("{head}{next:0width$x}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_neighbours_in_every_way_of_counting() {
        for (token, expected) in [
            ("CARD-0009", "card-0010 card-0008"),
            ("DE-8AA-1A2B3C4D5-E", "de-8aa-1a2b3c4d6-e de-8aa-1a2b3c4d4-e"),
            ("04A1B2FF", "04a1b3ff 04a1b1ff 04a1b300 04a1b2fe"),
            ("99999999", "100000000 99999998 9999999a 99999998"),
            ("0000", "0001"),
            ("alice", ""),
            ("ü1ü", "ü2ü ü0ü"),
            ("", ""),
        ] {
            assert_eq!(neighbours(token).join(" "), expected, "{token}");
        }
    }
}
