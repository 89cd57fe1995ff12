//! Whose sessions are: tokens, their groups, and who told the station to begin.

use serde::{Deserialize, Serialize};

use crate::facts::Mark;

/// Tokens whose group is remembered: one for each EVSE of a large station, with a few that only looked in.
const TOKENS_MAX: usize = 32;
/// Starts by command that have not led to a session yet: one for each of 8 EVSEs.
const STARTS_MAX: usize = 8;
/// How long a driver has to plug in after a start by command. Stations give up after 1 to 5 min
/// (`ConnectionTimeOut`, `EVConnectionTimeOut`).
pub(super) const START_MS: i64 = 900_000;

/// The group of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    /// Nobody has told.
    #[default]
    Unknown,
    /// It has none.
    Single,
    /// This.
    Of(Mark),
}

impl Group {
    /// The management system says what it knows; a group that it leaves out it may have told before.
    pub(super) fn told(&mut self, group: Self) {
        if *self == Self::Unknown || group != Self::Single {
            *self = group;
        }
    }
}

/// A token that the management system knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: Mark,
    group: Group,
}

/// A start by command that the station took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteStart {
    pub(super) csms: String,
    pub(super) token: Mark,
    /// Where, if it was said.
    pub(super) evse: Option<i64>,
    /// `remoteStartId` (2.x).
    pub(super) remote: Option<i64>,
    pub(super) at_ms: i64,
}

/// Who began a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Beginner {
    /// Not known, or nobody yet: a cable is in.
    #[default]
    Unknown,
    /// The driver, at the station.
    Driver,
    /// This management system, by command.
    Csms(String),
}

/// What is known of tokens at a station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tokens {
    /// The latest last.
    known: Vec<Token>,
    /// Not used up yet, the latest last.
    starts: Vec<RemoteStart>,
}

impl Tokens {
    /// The management system took a token, and says of which group it is.
    pub(super) fn accepted(&mut self, token: Mark, group: Group) {
        let mut entry = Token { token, group: self.group(token) };
        entry.group.told(group);
        self.known.retain(|known| known.token != token);
        if self.known.len() >= TOKENS_MAX {
            self.known.remove(0);
        }
        self.known.push(entry);
    }

    /// The group of a token.
    pub(super) fn group(&self, token: Mark) -> Group {
        self.known.iter().find(|known| known.token == token).map_or(Group::Unknown, |known| known.group)
    }

    /// A station took a start by command.
    pub(super) fn starting(&mut self, start: RemoteStart) {
        self.starts.retain(|known| start.at_ms.saturating_sub(known.at_ms) < START_MS);
        if self.starts.len() >= STARTS_MAX {
            self.starts.remove(0);
        }
        self.starts.push(start);
    }

    /// Who began a session, as far as commands explain it; uses the command up.
    pub(super) fn beginner(&mut self, session: &Beginning) -> Option<Beginner> {
        let explains = |start: &RemoteStart| match (session.remote, start.remote) {
            (Some(remote), Some(known)) => remote == known,
            (Some(_) | None, Some(_) | None) => {
                session.token == Some(start.token)
                    && start.evse.is_none_or(|evse| session.evse.is_none_or(|at| at == evse))
                    && session.now_ms.saturating_sub(start.at_ms) < START_MS
            }
        };
        let at = self.starts.iter().position(explains)?;
        Some(Beginner::Csms(self.starts.remove(at).csms))
    }
}

/// A session that begins, as the station tells it.
pub(super) struct Beginning {
    pub(super) token: Option<Mark>,
    pub(super) evse: Option<i64>,
    /// `remoteStartId` (2.x).
    pub(super) remote: Option<i64>,
    /// When it was told.
    pub(super) now_ms: i64,
}

/// Whether a token that ends a session has no business with it: it is another one than the session's, and not of its
/// group. Where nobody has told the groups, nothing is said.
pub(super) fn is_foreign(owner: (Mark, Group), token: (Mark, Group), master: bool) -> bool {
    if owner.0 == token.0 {
        return false;
    }
    match (owner.1, token.1) {
        (Group::Unknown, _) | (Group::Of(_), Group::Unknown) => false,
        // The group that may stop everything (2.x `MasterPassGroupId`) is a group.
        (Group::Single, Group::Of(_)) => !master,
        (Group::Of(owner), Group::Of(token)) => owner != token && !master,
        (Group::Single | Group::Of(_), Group::Single) | (Group::Single, Group::Unknown) => true,
    }
}

#[cfg(test)]
mod tests {
    use chargewarden_evidence::ContentKey;

    use super::*;

    fn mark(text: &str) -> Mark {
        Mark::of(&ContentKey::new(&[1; 32]), text)
    }

    #[test]
    fn who_may_end_a_session() {
        let (a, b) = (mark("a"), mark("b"));
        let (red, blue) = (Group::Of(mark("red")), Group::Of(mark("blue")));
        for (owner, token, master, foreign) in [
            ((a, Group::Single), (a, Group::Single), false, false),
            ((a, Group::Single), (b, Group::Single), false, true),
            ((a, Group::Single), (b, Group::Unknown), false, true),
            ((a, Group::Unknown), (b, Group::Single), false, false),
            ((a, red), (b, red), false, false),
            ((a, red), (b, blue), false, true),
            ((a, red), (b, blue), true, false),
            ((a, red), (b, Group::Single), true, true),
            ((a, red), (b, Group::Unknown), false, false),
        ] {
            assert_eq!(is_foreign(owner, token, master), foreign, "{owner:?} {token:?}");
        }
    }

    #[test]
    fn a_start_by_command_explains_one_session() {
        let mut tokens = Tokens::default();
        let start =
            RemoteStart { csms: "main".into(), token: mark("a"), evse: Some(1), remote: None, at_ms: 0 };
        tokens.starting(start.clone());
        let beginning =
            |evse, now_ms| Beginning { token: Some(mark("a")), evse: Some(evse), remote: None, now_ms };
        assert_eq!(tokens.beginner(&beginning(2, 0)), None);
        assert_eq!(tokens.beginner(&beginning(1, START_MS)), None);
        assert_eq!(tokens.beginner(&beginning(1, 1)), Some(Beginner::Csms("main".into())));
        assert_eq!(tokens.beginner(&beginning(1, 1)), None);
    }

    #[test]
    fn tokens_and_starts_are_bounded() {
        let mut tokens = Tokens::default();
        for number in 0..100 {
            let token = mark(&number.to_string());
            tokens.accepted(token, Group::Single);
            tokens.starting(RemoteStart {
                csms: "main".into(),
                token,
                evse: None,
                remote: Some(number),
                at_ms: 0,
            });
        }
        assert_eq!((tokens.known.len(), tokens.starts.len()), (TOKENS_MAX, STARTS_MAX));
        tokens.accepted(mark("99"), Group::Of(mark("g")));
        tokens.accepted(mark("99"), Group::Single);
        assert_eq!(tokens.group(mark("99")), Group::Of(mark("g")));
    }
}
