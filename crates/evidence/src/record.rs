//! One thing that happened, and its canonical bytes.

use serde::Deserialize;

use crate::{
    Bundle, Connection, Gap, Inventory, Lifecycle, Message, OwnCall, Stamp, Tolerance, Verdict, Violation,
};

/// The version of the record format, the `v` of every record.
const FORMAT: u64 = 1;

/// When a record must be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Before the next step: the record is of something consequential.
    Before,
    /// Within a second: telemetry.
    Soon,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the wall clock of the service.
    pub at: Stamp,
    /// What.
    pub event: Event,
}

/// What happened. Later issues add holds, approvals and sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was decided.
    Message(Message),
    /// A peer broke a rule.
    Violation(Violation),
    /// A deviation was tolerated.
    Tolerance(Tolerance),
    /// The service called by itself.
    OwnCall(OwnCall),
    /// A connection was opened, refused or closed.
    Connection(Connection),
    /// The service started or stopped.
    Lifecycle(Lifecycle),
    /// A bundle was read.
    Bundle(Bundle),
    /// The inventory changed.
    Inventory(Inventory),
    /// Records were refused, since the log could not be written.
    Gap(Gap),
}

impl Event {
    /// The name of the member that holds the event in a record.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Violation(_) => "violation",
            Self::Tolerance(_) => "tolerance",
            Self::OwnCall(_) => "own-call",
            Self::Connection(_) => "connection",
            Self::Lifecycle(_) => "lifecycle",
            Self::Bundle(_) => "bundle",
            Self::Inventory(_) => "inventory",
            Self::Gap(_) => "gap",
        }
    }
}

/// What a record is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexNote {
    /// When.
    pub at: Stamp,
    /// The station's id; empty when about none.
    pub station: String,
    /// The kind of event.
    pub kind: &'static str,
    /// The action, or what stands in its place (the stage of a connection, the phase of a start); may be empty.
    pub action: String,
    /// The verdict's word; empty when nothing was decided.
    pub verdict: &'static str,
    /// The reason code or rule; may be empty.
    pub reason: String,
}

/// Bytes that are no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not the JSON of a record.
    #[error("not a record: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Written by a newer version.
    #[error("record format {0} is not known to this version")]
    Newer(u64),
    /// Not exactly one event.
    #[error("a record holds one event, this one {0}")]
    Events(usize),
}

impl Record {
    /// The canonical bytes: one line of printable ASCII, the same for equal records.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.write_canonical(&mut out);
        out
    }

    /// Appends the canonical bytes to `out`.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"v":1,"at":""#);
        out.extend_from_slice(&self.at.text());
        out.extend_from_slice(br#"",""#);
        out.extend_from_slice(self.event.kind().as_bytes());
        out.extend_from_slice(br#"":"#);
        match &self.event {
            Event::Message(message) => message.write(out),
            Event::Violation(violation) => violation.write(out),
            Event::Tolerance(tolerance) => tolerance.write(out),
            Event::OwnCall(call) => call.write(out),
            Event::Connection(connection) => connection.write(out),
            Event::Lifecycle(lifecycle) => lifecycle.write(out),
            Event::Bundle(bundle) => bundle.write(out),
            Event::Inventory(inventory) => inventory.write(out),
            Event::Gap(gap) => gap.write(out),
        }
        out.push(b'}');
    }

    /// Reads canonical bytes back.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let version = serde_json::from_slice::<Version>(bytes)?.v;
        if version != FORMAT {
            return Err(RecordError::Newer(version));
        }
        serde_json::from_slice::<Members>(bytes)?.into_record()
    }

    /// True for what makes up nearly all of a log and is looked at in bulk only: a message that was forwarded. The rest is
    /// indexed.
    pub fn is_routine(&self) -> bool {
        match &self.event {
            Event::Message(message) => message.verdict == Verdict::Forward,
            Event::Violation(_)
            | Event::Tolerance(_)
            | Event::OwnCall(_)
            | Event::Connection(_)
            | Event::Lifecycle(_)
            | Event::Bundle(_)
            | Event::Inventory(_)
            | Event::Gap(_) => false,
        }
    }

    /// What the record is found by.
    pub fn index_note(&self) -> IndexNote {
        let note = |station: &str, action: &str, verdict: &'static str, reason: &str| IndexNote {
            at: self.at,
            station: station.to_owned(),
            kind: self.event.kind(),
            action: action.to_owned(),
            verdict,
            reason: reason.to_owned(),
        };
        match &self.event {
            Event::Message(m) => {
                note(&m.who.fields().station, &m.action, m.verdict.word(), m.verdict.reason())
            }
            Event::Violation(v) => {
                note(&v.who.fields().station, v.action.as_deref().unwrap_or_default(), "refuse", &v.rule)
            }
            Event::Tolerance(t) => note(&t.who.fields().station, "", "", &t.name),
            Event::OwnCall(c) => note(&c.who.fields().station, &c.action, "", c.phase.word()),
            Event::Connection(c) => note(&c.station, c.stage.word(), "", &c.reason),
            Event::Lifecycle(l) => note("", l.phase.word(), "", ""),
            Event::Bundle(b) => note("", b.outcome.word(), "", &b.party),
            Event::Inventory(i) => note(&i.station, &i.change, "", &i.by),
            Event::Gap(_) => note("", "", "", ""),
        }
    }
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Members {
    #[serde(rename = "v")]
    _v: u64,
    at: Stamp,
    message: Option<Message>,
    violation: Option<Violation>,
    tolerance: Option<Tolerance>,
    own_call: Option<OwnCall>,
    connection: Option<Connection>,
    lifecycle: Option<Lifecycle>,
    bundle: Option<Bundle>,
    inventory: Option<Inventory>,
    gap: Option<Gap>,
}

impl Members {
    fn into_record(self) -> Result<Record, RecordError> {
        let mut events = [
            self.message.map(Event::Message),
            self.violation.map(Event::Violation),
            self.tolerance.map(Event::Tolerance),
            self.own_call.map(Event::OwnCall),
            self.connection.map(Event::Connection),
            self.lifecycle.map(Event::Lifecycle),
            self.bundle.map(Event::Bundle),
            self.inventory.map(Event::Inventory),
            self.gap.map(Event::Gap),
        ]
        .into_iter()
        .flatten();
        match (events.next(), events.count()) {
            (Some(event), 0) => Ok(Record { at: self.at, event }),
            (Some(_), more) => Err(RecordError::Events(more + 1)),
            (None, _) => Err(RecordError::Events(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        Answered, Attributes, BundleOutcome, Cause, EffectNote, FrameMac, Hash, MessageType, OwnCallPhase,
        Phase, Side, Stage, Who, WhoFields, Word,
    };

    fn record(event: Event) -> Record {
        Record { at: Stamp::from_millis(1_767_225_600_000), event }
    }

    fn who() -> std::sync::Arc<Who> {
        Who::new(WhoFields {
            station: "CS-1".into(),
            csms: "main".into(),
            session: "s7".into(),
            version: "2.0.1".into(),
            bundles: vec![Hash([0xab; 32])],
        })
    }

    fn message(verdict: Verdict) -> Message {
        Message {
            who: who(),
            from: Side::Csms,
            kind: MessageType::Call,
            action: Cow::Borrowed("UpdateFirmware"),
            id: "a\"1\u{202e}".into(),
            bytes: 231,
            mac: FrameMac([1; 32]),
            error: None,
            effects: vec![
                EffectNote {
                    name: "install-firmware".into(),
                    attributes: Attributes::object()
                        .text("host", "fw.example")
                        .flag("signed", false)
                        .finish(),
                },
                EffectNote { name: "restart".into(), attributes: Attributes::NONE },
            ],
            verdict,
            causes: vec![],
            answered: None,
        }
    }

    fn one_of_each() -> Vec<Record> {
        let answered =
            || Answered { how: "own-status".into(), code: "Rejected".into(), mac: FrameMac([2; 32]) };
        let cause = Cause {
            party: "cso".into(),
            policy: "firmware-hosts".into(),
            effect: "install-firmware".into(),
            text: "unknown host".into(),
        };
        let rule = Cause {
            party: String::new(),
            policy: "boot-gate".into(),
            effect: Word::default(),
            text: String::new(),
        };
        let refused = Message {
            causes: vec![cause, rule],
            answered: Some(answered()),
            ..message(Verdict::Refuse { reason: "policy-forbids".into() })
        };
        let held = message(Verdict::Hold { reason: "approval-needed".into(), requirement: "cso:1".into() });
        let error = Message {
            kind: MessageType::Error,
            error: Some("InternalError".into()),
            ..message(Verdict::Forward)
        };
        [
            Event::Message(message(Verdict::Forward)),
            Event::Message(refused),
            Event::Message(held),
            Event::Message(error),
            Event::Violation(Violation {
                who: who(),
                blame: Side::Station,
                rule: "duplicate-name".into(),
                path: "idTag".into(),
                detail: "twice".into(),
                action: Some("Authorize".into()),
                id: Some("7".into()),
                bytes: 40,
                mac: FrameMac([3; 32]),
                answered: Some(answered()),
            }),
            Event::Tolerance(Tolerance {
                who: who(),
                from: Side::Station,
                name: "unknown-fields".into(),
                path: "meterValue[0].vendor".into(),
                id: Some("8".into()),
            }),
            Event::OwnCall(OwnCall {
                who: who(),
                to: Side::Station,
                phase: OwnCallPhase::Unanswered,
                action: "GetVariables".into(),
                id: "cw-1".into(),
                bytes: 0,
                mac: FrameMac([0; 32]),
                purpose: "learn".into(),
            }),
            Event::Connection(Connection {
                side: Side::Station,
                stage: Stage::Refused,
                peer: "127.0.0.1:5000".into(),
                station: "CS-1\r\nX: y".into(),
                csms: String::new(),
                session: String::new(),
                subprotocol: "ocpp1.6".into(),
                reason: "unauthorized".into(),
                detail: String::new(),
                code: Some(1008),
            }),
            Event::Lifecycle(Lifecycle {
                phase: Phase::Started,
                version: "0.1.0".into(),
                configuration: Hash([4; 32]),
                danger: vec!["listen.danger_plain".into()],
            }),
            Event::Bundle(Bundle {
                outcome: BundleOutcome::Rejected,
                party: "cnp".into(),
                name: "base".into(),
                version: String::new(),
                digest: Hash([5; 32]),
                problem: "unknown effect `restrat`".into(),
            }),
            Event::Inventory(Inventory {
                change: "added".into(),
                station: "CS-2".into(),
                by: "inventory-file".into(),
                detail: String::new(),
            }),
            Event::Gap(Gap { since: Stamp::from_millis(0), refused: 3, detail: "disk full".into() }),
        ]
        .into_iter()
        .map(record)
        .collect()
    }

    #[test]
    fn a_message_reads_like_this() {
        assert_eq!(
            String::from_utf8(record(Event::Message(message(Verdict::Forward))).canonical()).unwrap(),
            concat!(
                r#"{"v":1,"at":"2026-01-01T00:00:00.000Z","message":{"who":{"station":"CS-1","csms":"main","session":"s7","#,
                r#""version":"2.0.1","bundles":["abababababababababababababababababababababababababababababababab"]},"#,
                r#""from":"csms","type":"call","action":"UpdateFirmware","id":"a\"1\u202e","bytes":231,"#,
                r#""mac":"0101010101010101010101010101010101010101010101010101010101010101","#,
                r#""effects":[{"name":"install-firmware","attributes":{"host":"fw.example","signed":false}},"#,
                r#"{"name":"restart"}],"verdict":"forward"}}"#,
            )
        );
    }

    #[test]
    fn each_kind_is_one_printable_line_and_reads_back() {
        for record in one_of_each() {
            let bytes = record.canonical();
            assert!(bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)), "{record:?}");
            assert_eq!(Record::parse(&bytes).unwrap(), record);
        }
    }

    #[test]
    fn only_forwarded_messages_are_routine() {
        let routine = one_of_each().iter().filter(|record| record.is_routine()).count();
        assert_eq!(routine, 2);
    }

    #[test]
    fn refusals_are_found_by_station_action_and_reason() {
        let note = one_of_each()[1].index_note();
        assert_eq!(
            (note.station.as_str(), note.kind, note.action.as_str()),
            ("CS-1", "message", "UpdateFirmware")
        );
        assert_eq!((note.verdict, note.reason.as_str()), ("refuse", "policy-forbids"));
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (bytes, error) in [
            (r#"{"v":2,"at":"x","news":{}}"#, "record format 2 is not known to this version"),
            (r#"{"v":1,"at":"2026-01-01T00:00:00.000Z"}"#, "a record holds one event, this one 0"),
            (r#"[1]"#, "not a record: "),
        ] {
            let problem = Record::parse(bytes.as_bytes()).unwrap_err().to_string();
            assert!(problem.starts_with(error), "{problem}");
        }
    }
}
