//! One thing that happened, and its canonical bytes.

use serde::Deserialize;

use crate::{
    Bundle, Connection, Gap, Inventory, Lifecycle, Message, OwnCall, Security, Stamp, Tolerance, Verdict,
    Violation,
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
    /// Something that bears on security, seen by a station or by the service.
    Security(Security),
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
    /// The decided message, where it is about one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Violation(_)
            | Self::Tolerance(_)
            | Self::OwnCall(_)
            | Self::Security(_)
            | Self::Connection(_)
            | Self::Lifecycle(_)
            | Self::Bundle(_)
            | Self::Inventory(_)
            | Self::Gap(_) => None,
        }
    }

    /// The name of the member that holds the event in a record.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Violation(_) => "violation",
            Self::Tolerance(_) => "tolerance",
            Self::OwnCall(_) => "own-call",
            Self::Security(_) => "security",
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
    /// The action, or what stands in its place (the stage of a connection, the phase of a start, the type of a security
    /// event); may be empty.
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
            Event::Security(event) => event.write(out),
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
            | Event::Security(_)
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
            Event::Security(s) => note(&s.station, &s.kind, "", s.origin.word()),
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
    security: Option<Security>,
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
            self.security.map(Event::Security),
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
mod tests;
