//! What the proxy writes into evidence: what the core hands it, and what only the proxy sees, connections.

mod tally;

use std::{borrow::Cow, time::Instant};

use chargewarden_evidence::{
    Connection, Durability, Event, Origin, OwnEvent, Record, Security, Side, Stage, Stamp,
};
use chargewarden_store::{AppendError, Scribe};

use self::tally::{Fate, Tally};
use crate::{
    clock, directory::Station, ending::Ending, handshake::StationId, meters, meters::Meters, refusal::Reason,
};

/// The evidence log as the proxy uses it.
pub(crate) struct Recorder {
    scribe: Scribe,
    tally: Tally,
}

/// A station that was refused.
pub(crate) struct Refused<'a> {
    pub(crate) peer: &'a str,
    /// As claimed.
    pub(crate) station: Option<&'a StationId>,
    pub(crate) csms: &'a str,
    pub(crate) reason: Reason,
    /// For the people who read evidence; never sent.
    pub(crate) detail: String,
}

impl Refused<'_> {
    fn event(&self, event: OwnEvent) -> Security {
        let reason = self.reason.code();
        // What a CSMS did is neither the station's doing nor that of the address it came from.
        let by_csms = matches!(event, OwnEvent::UpstreamCertInvalid | OwnEvent::UpstreamRefused);
        Security {
            station: self.station.map(ToString::to_string).unwrap_or_default(),
            csms: self.csms.to_owned(),
            peer: if by_csms { String::new() } else { self.peer.to_owned() },
            detail: if self.detail.is_empty() {
                reason.to_owned()
            } else {
                format!("{reason}: {}", self.detail)
            },
            ..Security::own(event)
        }
    }
}

/// A session that began.
pub(crate) struct Opened<'a> {
    pub(crate) session: &'a str,
    pub(crate) entry: &'a Station,
    pub(crate) station_peer: &'a str,
    /// The address of the CSMS and how the connection to it is protected. None: a local session.
    pub(crate) csms: Option<(&'a str, &'a str)>,
    /// How the station's connection is secured and by what certificate it came in.
    pub(crate) secured: String,
    pub(crate) subprotocol: &'a str,
}

/// A session that ended.
pub(crate) struct Closing<'a> {
    pub(crate) session: &'a str,
    pub(crate) entry: &'a Station,
    pub(crate) station_peer: &'a str,
    pub(crate) ending: Ending,
    /// What is known of the reason beyond its word.
    pub(crate) why: &'a str,
}

impl Recorder {
    pub(crate) fn new(scribe: Scribe) -> Recorder {
        Recorder { scribe, tally: Tally::default() }
    }

    /// Appends what the core decided.
    pub(crate) async fn append(
        &self,
        record: &Record,
        durability: Durability,
        meters: &Meters,
    ) -> Result<(), AppendError> {
        match durability {
            Durability::Soon => self.raise(record, durability).await.map(drop),
            Durability::Before => {
                let asked = Instant::now();
                let appended = self.raise(record, durability).await.map(drop);
                meters.durable_seconds.record(asked.elapsed().as_secs_f64());
                appended
            }
        }
    }

    /// Raises a security event: counted, logged and, unless there are too many of the same, recorded. All events of the
    /// shell come by here; those of the core by [`Recorder::append`].
    ///
    /// A critical one is on disk when this returns, but for those about strangers at the door: how long they wait for
    /// their answer must not depend on what was found. False when it will only be part of a sum.
    pub(crate) async fn security(&self, event: Security) -> bool {
        let wait = event.critical && !tally::is_about_stranger(&event);
        let durability = if wait { Durability::Before } else { Durability::Soon };
        let record = Record { at: now(), event: Event::Security(event) };
        self.raise(&record, durability).await.unwrap_or_else(|error| {
            meters::bound_hit("evidence");
            tracing::warn!(%error, "a security event could not be recorded");
            true
        })
    }

    /// Appends a record; a security event is counted and announced, too. False when it is not recorded but counted for a sum.
    async fn raise(&self, record: &Record, durability: Durability) -> Result<bool, AppendError> {
        let Event::Security(event) = &record.event else {
            return self.scribe.append(record, durability).await.map(|()| true);
        };
        meters::security_event(event);
        match self.tally.count(event, record.at, Instant::now()) {
            Fate::Alone => {
                announce(event);
                self.scribe.append(record, durability).await.map(|()| true)
            }
            Fate::FirstOfMany if event.origin == Origin::Station => self.flooded(event).await.map(|()| false),
            Fate::FirstOfMany | Fate::OneOfMany => Ok(false),
        }
    }

    /// Writes down how many were not recorded one by one: of the windows that ended, or of all.
    pub(crate) async fn sum_up(&self, all: bool) {
        for event in self.tally.sums((!all).then(Instant::now)) {
            announce(&event);
            let record = Record { at: now(), event: Event::Security(event) };
            if let Err(error) = self.scribe.append(&record, Durability::Soon).await {
                meters::bound_hit("evidence");
                tracing::warn!(%error, "a sum of security events could not be recorded");
            }
        }
    }

    /// A station reports the same again and again: that is an event, too.
    async fn flooded(&self, of: &Security) -> Result<(), AppendError> {
        let event = Security {
            station: of.station.clone(),
            csms: of.csms.clone(),
            session: of.session.clone(),
            detail: format!("security events of the type `{}`", of.kind),
            ..Security::own(OwnEvent::RateLimitExceeded)
        };
        meters::security_event(&event);
        let at = now();
        if self.tally.count(&event, at, Instant::now()) != Fate::Alone {
            return Ok(());
        }
        announce(&event);
        self.scribe.append(&Record { at, event: Event::Security(event) }, Durability::Soon).await
    }

    /// Each attempt that was looked at has its record. Those that came too early are without number and say nothing new: beyond the
    /// first few they are in the sum of their event alone.
    pub(crate) async fn refused(&self, refused: Refused<'_>) {
        let alone = match refused.reason.event() {
            Some(event) => self.security(refused.event(event)).await,
            None => true,
        };
        if !alone && refused.reason.status() == http::StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        let connection = Connection {
            side: Side::Station,
            stage: Stage::Refused,
            peer: refused.peer.to_owned(),
            station: refused.station.map(ToString::to_string).unwrap_or_default(),
            csms: refused.csms.to_owned(),
            session: String::new(),
            subprotocol: String::new(),
            reason: Cow::Borrowed(refused.reason.code()),
            detail: refused.detail,
            code: None,
        };
        self.connection(connection).await;
    }

    /// Records both connections of a session.
    pub(crate) async fn opened(&self, opened: Opened<'_>) -> Result<(), AppendError> {
        let connection = |side, peer: &str, detail: String| Connection {
            side,
            stage: Stage::Opened,
            peer: peer.to_owned(),
            station: opened.entry.id.to_string(),
            csms: opened.entry.csms.name.clone(),
            session: opened.session.to_owned(),
            subprotocol: opened.subprotocol.to_owned(),
            reason: Cow::Borrowed(""),
            detail,
            code: None,
        };
        if let Some((peer, detail)) = opened.csms {
            self.append_connection(connection(Side::Csms, peer, detail.to_owned())).await?;
        }
        self.append_connection(connection(Side::Station, opened.station_peer, opened.secured)).await
    }

    /// `code` is what the station was told.
    pub(crate) async fn closed(&self, closing: &Closing<'_>, code: u16) {
        let side = match closing.ending.side() {
            chargewarden_ocpp::Side::Station => Side::Station,
            chargewarden_ocpp::Side::Csms => Side::Csms,
        };
        if let Some(event) = closing.ending.event() {
            let event = Security {
                station: closing.entry.id.to_string(),
                csms: closing.entry.csms.name.clone(),
                session: closing.session.to_owned(),
                peer: closing.station_peer.to_owned(),
                detail: match closing.why {
                    "" => format!("session ended: {} ({})", closing.ending.word(), side.word()),
                    why => format!("session ended: {} ({}): {why}", closing.ending.word(), side.word()),
                },
                ..Security::own(event)
            };
            self.security(event).await;
        }
        let connection = Connection {
            side,
            stage: Stage::Closed,
            peer: closing.station_peer.to_owned(),
            station: closing.entry.id.to_string(),
            csms: closing.entry.csms.name.clone(),
            session: closing.session.to_owned(),
            subprotocol: String::new(),
            reason: Cow::Borrowed(closing.ending.word()),
            detail: closing.why.to_owned(),
            code: Some(code),
        };
        self.connection(connection).await;
    }

    async fn connection(&self, connection: Connection) {
        if let Err(error) = self.append_connection(connection).await {
            meters::bound_hit("evidence");
            tracing::warn!(%error, "a connection could not be recorded");
        }
    }

    async fn append_connection(&self, connection: Connection) -> Result<(), AppendError> {
        let record = Record { at: now(), event: Event::Connection(connection) };
        self.scribe.append(&record, Durability::Soon).await
    }
}

fn now() -> Stamp {
    Stamp::from_millis(clock::wall().as_millis())
}

/// The line in the log. What a peer wrote is escaped: a log is read in terminals.
fn announce(event: &Security) {
    tracing::warn!(
        target: "security",
        event = %event.kind.escape_debug(),
        origin = event.origin.word(),
        critical = event.critical,
        station = %event.station.escape_debug(),
        csms = event.csms,
        session = event.session,
        peer = event.peer,
        count = event.count(),
        detail = %event.detail.escape_debug(),
        "security event"
    );
}
