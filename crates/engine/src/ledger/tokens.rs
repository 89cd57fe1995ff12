//! Tokens across stations: where each has a session now, and who refused it lately.
//!
//! Only marks are kept. The table is not stored: after a restart it knows nothing, and what it does not know is not odd.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chargewarden_ocpp::{Action, Side, Version};
use chargewarden_policy::effect::{Effect, Token};
use chargewarden_policy::{Doubt, Doubts};

use crate::effects::MessageKind;
use crate::facts::{Heard, Mark};

/// Sessions kept of one station: more than its EVSEs. Of more its own oldest is forgotten.
const SESSIONS_MAX: usize = 16;
/// How long a session is believed to run of whose end nothing was heard.
const SESSION_MS: i64 = 24 * HOUR_MS;
/// Refused tokens kept of one station. Of more its own oldest is forgotten, so that who guesses at one station makes no
/// other forget.
const REFUSED_MAX: usize = 32;
/// How long a refusal counts.
const REFUSED_MS: i64 = 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;

/// Answers that refuse the token itself. The others refuse a place, a time, or an empty purse, and the same token is good
/// elsewhere, later, or filled up.
const REFUSALS: [&str; 4] = ["Blocked", "Expired", "Invalid", "Unknown"];

/// The table.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    stations: BTreeMap<Arc<str>, OfStation>,
    /// Stations at which a token has a session.
    charging: BTreeMap<Mark, Vec<Arc<str>>>,
    /// When a management system refused a token, and where.
    refused: BTreeMap<(Mark, Arc<str>), Refused>,
}

/// What one station added to the table.
#[derive(Clone, Debug, Default)]
struct OfStation {
    sessions: Vec<Session>,
    refused: VecDeque<(Mark, Arc<str>)>,
}

#[derive(Clone, Debug)]
struct Session {
    transaction: String,
    evse: Option<i64>,
    token: Mark,
    since_ms: i64,
}

#[derive(Clone, Debug)]
struct Refused {
    station: Arc<str>,
    at_ms: i64,
}

/// What a message has to do with tokens. Made before the table is locked.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    station: &'a str,
    csms: &'a str,
    now_ms: i64,
    /// The token that a session would begin with.
    wanted: Option<Mark>,
    /// Whether the management system wants it.
    commanded: bool,
    begun: Option<Session>,
    ended: Option<&'a str>,
    /// The connector that is free (1.6): nothing runs on it.
    free: Option<i64>,
    accepted: Option<Mark>,
    refused: Option<Mark>,
}

impl Tokens {
    /// What is odd about a token in the light of other stations.
    pub(super) fn doubts(&self, turn: &Turn<'_>) -> Doubts {
        let mut out = Doubts::NONE;
        let Some(token) = turn.wanted else { return out };
        let elsewhere = self.charging.get(&token).is_some_and(|stations| {
            stations.iter().filter(|station| &***station != turn.station).any(|station| {
                self.stations.get(station).is_some_and(|of| of.is_charging(token, turn.now_ms))
            })
        });
        out.add_if(elsewhere, Doubt::TokenElsewhere);
        let refused = turn.commanded
            && self
                .refused
                .get(&(token, turn.csms.into()))
                .is_some_and(|refused| turn.now_ms.saturating_sub(refused.at_ms) < REFUSED_MS);
        out.add_if(refused, Doubt::TokenRefusedBefore);
        out
    }

    /// Takes in a message that was delivered.
    pub(super) fn learn(&mut self, turn: Turn<'_>) {
        if let Some(transaction) = turn.ended {
            self.close(turn.station, |session| session.transaction == transaction);
        }
        if let Some(evse) = turn.free {
            self.close(turn.station, |session| session.evse == Some(evse));
        }
        if let Some(session) = turn.begun {
            self.open(turn.station, session);
        }
        if let Some(token) = turn.accepted {
            self.refused.remove(&(token, turn.csms.into()));
        }
        if let Some(token) = turn.refused {
            self.refuse(turn.station, (token, turn.csms.into()), turn.now_ms);
        }
    }

    fn open(&mut self, station: &str, session: Session) {
        let known = self.stations.get(station).is_some_and(|of| {
            of.sessions
                .iter()
                .any(|other| other.transaction == session.transaction && other.token == session.token)
        });
        if known {
            return;
        }
        // Where one begins, another has ended.
        let (now_ms, evse) = (session.since_ms, session.evse);
        self.close(station, |other| {
            other.transaction == session.transaction
                || (evse.is_some() && other.evse == evse)
                || now_ms.saturating_sub(other.since_ms) >= SESSION_MS
        });
        if self.stations.get(station).is_some_and(|of| of.sessions.len() >= SESSIONS_MAX) {
            let oldest = self.stations.get(station).and_then(|of| of.sessions.first());
            let oldest = oldest.map(|oldest| oldest.transaction.clone());
            self.close(station, |other| Some(&other.transaction) == oldest.as_ref());
        }
        let name = self.name(station);
        let stations = self.charging.entry(session.token).or_default();
        if !stations.contains(&name) {
            stations.push(Arc::clone(&name));
        }
        self.stations.entry(name).or_default().sessions.push(session);
    }

    fn close(&mut self, station: &str, ended: impl Fn(&Session) -> bool) {
        let Some(of) = self.stations.get_mut(station) else { return };
        let (over, on): (Vec<_>, Vec<_>) = std::mem::take(&mut of.sessions).into_iter().partition(ended);
        of.sessions = on;
        for session in over {
            if of.sessions.iter().any(|other| other.token == session.token) {
                continue;
            }
            if let Some(stations) = self.charging.get_mut(&session.token) {
                stations.retain(|other| &**other != station);
                if stations.is_empty() {
                    self.charging.remove(&session.token);
                }
            }
        }
        self.forget_if_empty(station);
    }

    fn refuse(&mut self, station: &str, what: (Mark, Arc<str>), now_ms: i64) {
        let name = self.name(station);
        let refused = Refused { station: Arc::clone(&name), at_ms: now_ms };
        let before = self.refused.insert(what.clone(), refused);
        if before.is_some_and(|before| before.station == name) {
            return;
        }
        let of = self.stations.entry(name).or_default();
        of.refused.push_back(what);
        if of.refused.len() <= REFUSED_MAX {
            return;
        }
        let Some(oldest) = of.refused.pop_front() else { return };
        // Another station may have said so since.
        if self.refused.get(&oldest).is_some_and(|refused| &*refused.station == station) {
            self.refused.remove(&oldest);
        }
    }

    fn name(&self, station: &str) -> Arc<str> {
        self.stations.get_key_value(station).map_or_else(|| station.into(), |(name, _)| Arc::clone(name))
    }

    fn forget_if_empty(&mut self, station: &str) {
        let empty = |of: &OfStation| of.sessions.is_empty() && of.refused.is_empty();
        if self.stations.get(station).is_some_and(empty) {
            self.stations.remove(station);
        }
    }
}

impl OfStation {
    fn is_charging(&self, token: Mark, now_ms: i64) -> bool {
        self.sessions
            .iter()
            .any(|session| session.token == token && now_ms.saturating_sub(session.since_ms) < SESSION_MS)
    }
}

impl<'a> Turn<'a> {
    /// What the message has to do with tokens; nothing for most.
    pub(super) fn of(heard: &Heard<'a>) -> Option<Self> {
        let message = heard.message;
        let turn = Self {
            station: &heard.about.station,
            csms: &heard.about.csms,
            now_ms: message.now.as_millis(),
            ..Self::default()
        };
        match (message.from, message.kind) {
            (Side::Station, MessageKind::Call | MessageKind::Send) => turn.report(heard),
            (Side::Csms, MessageKind::Call | MessageKind::Send) => turn.command(heard),
            (Side::Csms, MessageKind::Result) => turn.answer(heard),
            (Side::Csms, MessageKind::Error) | (Side::Station, MessageKind::Result | MessageKind::Error) => {
                None
            }
        }
    }

    fn report(self, heard: &Heard<'a>) -> Option<Self> {
        let mut token = None;
        let (mut begins, mut goes_on, mut ended, mut free) = (None, None, None, None);
        #[expect(clippy::wildcard_enum_match_arm, reason = "few effects are about a session and its token")]
        for effect in heard.effects {
            match effect {
                Effect::PresentToken(presented) if is_of_driver(&presented.token_type) => {
                    token = presented.token.as_ref().filter(|token| !token.expose().is_empty());
                }
                Effect::BeginTransaction(begun) => begins = Some((&begun.transaction, begun.evse)),
                Effect::UpdateTransaction(update) => goes_on = Some((&update.transaction, update.evse)),
                Effect::EndTransaction(end) => ended = Some(end.transaction.as_str()),
                Effect::ReportStatus(status) if heard.message.version == Version::V16 => {
                    free = status.evse.filter(|_| status.status == "Available");
                }
                _ => {}
            }
        }
        if token.is_none() && ended.is_none() && free.is_none() {
            return None;
        }
        let mark = token.map(|token: &Token| heard.token(token.expose()));
        // 1.6 has no name for the transaction until it is answered.
        let named = begins.or(goes_on).filter(|(transaction, _)| !transaction.is_empty());
        let begun = mark.zip(named).map(|(token, (transaction, evse))| Session {
            transaction: transaction.clone(),
            evse,
            token,
            since_ms: self.now_ms,
        });
        let asks = begins.is_some() || heard.message.action == Action::Authorize;
        Some(Self { wanted: mark.filter(|_| asks), begun, ended, free, ..self })
    }

    fn command(self, heard: &Heard<'a>) -> Option<Self> {
        let token = heard.effects.iter().find_map(|effect| {
            let Effect::StartCharging(start) = effect else { return None };
            start.token.as_ref().filter(|_| is_of_driver(&start.token_type))
        })?;
        let wanted = Some(heard.token(token.expose()));
        Some(Self { wanted, commanded: true, ..self })
    }

    fn answer(self, heard: &Heard<'a>) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "few effects judge a token")]
        let (token, status) = heard.effects.iter().find_map(|effect| match effect {
            Effect::AcceptToken(answer) => Some((answer.token.as_ref()?, None)),
            Effect::RefuseToken(answer) => Some((answer.token.as_ref()?, Some(answer.status.as_str()))),
            _ => None,
        })?;
        let token = heard.token(token.expose());
        let Some(status) = status else {
            let begun = begun_1_6(heard).map(|(transaction, evse)| Session {
                transaction,
                evse,
                token,
                since_ms: self.now_ms,
            });
            return Some(Self { begun, accepted: Some(token), ..self });
        };
        let refused = REFUSALS.contains(&status).then_some(token);
        Some(Self { refused, ..self })
    }
}

/// The transaction (1.6) that is given its number, and where it is.
fn begun_1_6(heard: &Heard<'_>) -> Option<(String, Option<i64>)> {
    let number = heard.effects.iter().find_map(|effect| {
        let Effect::AssignTransaction(assigned) = effect else { return None };
        Some(assigned.transaction.to_string())
    })?;
    Some((number, heard.call.and_then(|call| call.payload.root().int("connectorId"))))
}

/// Whether a driver has a token of this type: others are made up for one session.
fn is_of_driver(token_type: &str) -> bool {
    !["Central", "DirectPayment", "NoAuthorization"].contains(&token_type)
}
