//! What the proxy writes into evidence: what the core hands it, and what only the proxy sees, connections.

use std::{borrow::Cow, time::Instant};

use chargewarden_evidence::{Connection, Durability, Event, Record, Side, Stage, Stamp};
use chargewarden_store::{AppendError, Scribe};

use crate::{
    clock, directory::Station, ending::Ending, handshake::StationId, meters, meters::Meters, refusal::Reason,
};

/// The evidence log as the proxy uses it.
pub(crate) struct Recorder {
    scribe: Scribe,
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

/// A session that began.
pub(crate) struct Opened<'a> {
    pub(crate) session: &'a str,
    pub(crate) entry: &'a Station,
    pub(crate) station_peer: &'a str,
    pub(crate) csms_peer: &'a str,
    pub(crate) subprotocol: &'a str,
}

/// A session that ended.
pub(crate) struct Closing<'a> {
    pub(crate) session: &'a str,
    pub(crate) entry: &'a Station,
    pub(crate) station_peer: &'a str,
    pub(crate) ending: Ending,
}

impl Recorder {
    pub(crate) fn new(scribe: Scribe) -> Recorder {
        Recorder { scribe }
    }

    /// Appends what the core decided.
    pub(crate) async fn append(
        &self,
        record: &Record,
        durability: Durability,
        meters: &Meters,
    ) -> Result<(), AppendError> {
        match durability {
            Durability::Soon => self.scribe.append(record, durability).await,
            Durability::Before => {
                let asked = Instant::now();
                let appended = self.scribe.append(record, durability).await;
                meters.durable_seconds.record(asked.elapsed().as_secs_f64());
                appended
            }
        }
    }

    pub(crate) async fn refused(&self, refused: Refused<'_>) {
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
        let connection = |side, peer: &str| Connection {
            side,
            stage: Stage::Opened,
            peer: peer.to_owned(),
            station: opened.entry.id.to_string(),
            csms: opened.entry.csms.name.clone(),
            session: opened.session.to_owned(),
            subprotocol: opened.subprotocol.to_owned(),
            reason: Cow::Borrowed(""),
            detail: String::new(),
            code: None,
        };
        self.append_connection(connection(Side::Csms, opened.csms_peer)).await?;
        self.append_connection(connection(Side::Station, opened.station_peer)).await
    }

    /// `code` is what the station was told.
    pub(crate) async fn closed(&self, closing: &Closing<'_>, code: u16) {
        let side = match closing.ending.side() {
            chargewarden_ocpp::Side::Station => Side::Station,
            chargewarden_ocpp::Side::Csms => Side::Csms,
        };
        let connection = Connection {
            side,
            stage: Stage::Closed,
            peer: closing.station_peer.to_owned(),
            station: closing.entry.id.to_string(),
            csms: closing.entry.csms.name.clone(),
            session: closing.session.to_owned(),
            subprotocol: String::new(),
            reason: Cow::Borrowed(closing.ending.word()),
            detail: String::new(),
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
        let at = Stamp::from_millis(clock::wall().as_millis());
        let record = Record { at, event: Event::Connection(connection) };
        self.scribe.append(&record, Durability::Soon).await
    }
}
