//! A station's password is replaced while both are good: from the moment before the command is sent until the station has
//! said, or shown by signing in, which of the two it uses (requirement R-A07).

use std::{sync::Arc, time::Duration};

use chargewarden_engine::SessionLimits;
use chargewarden_evidence::Durability;
use chargewarden_store::Credential;
use tokio::{sync::oneshot, time::timeout};

use super::{Roster, RosterError};
use crate::{
    credential::Shown,
    directory::Station,
    handshake::StationId,
    rotation::{Errand, Rotated},
    secret::Secret,
    session::text_of,
};

/// How long a rotation may take: a call of the CSMS that is open is answered first, then ours, and a session looks at its
/// waits every few seconds.
pub const ROTATION_WAIT: Duration =
    Duration::from_millis(SessionLimits::ANSWER_MS + SessionLimits::OWN_ANSWER_MS + 15_000);

impl Roster {
    /// Keeps the hash of a password that is about to be sent to the station: durable before the command leaves, so that
    /// whatever happens afterwards, the station is let in with it.
    ///
    /// # Errors
    /// See [`RosterError`]. Refused while another one is proposed: nobody would know which of them the station has.
    pub async fn propose(&self, id: &str, proposed: Credential, by: &str) -> Result<(), RosterError> {
        let _turn = self.turn(id).await;
        let before = self.stored(id).await?;
        if before.proposed.is_some() {
            return Err(RosterError::Refused(
                "another password was sent to the station, and it has not yet shown whether it took it"
                    .to_owned(),
            ));
        }
        let mut after = before.clone();
        after.proposed = Some(proposed);
        after.proposed_deferred = false;
        self.commit(&before, after, by).await.map(drop)
    }

    /// Gives a connected station another password by a command of our own, and waits for what becomes of it, at most
    /// [`ROTATION_WAIT`]. Without `secret` one is made that the station can take; nobody is shown it.
    ///
    /// What is not settled then is settled by what the station uses when it connects next.
    pub async fn rotate(&self, id: &StationId, secret: Option<&Secret>) -> Rotated {
        let Some(signal) = self.presence.signal(id) else { return Rotated::NotConnected };
        let password = match secret.map(text_of) {
            Some(None) => return Rotated::NotSent("it is not text".to_owned()),
            Some(given @ Some(_)) => given,
            None => None,
        };
        let (reply, outcome) = oneshot::channel();
        signal.send(Errand { password, reply });
        // The session ended, or it takes too long: nobody knows.
        timeout(ROTATION_WAIT, outcome).await.ok().and_then(Result::ok).unwrap_or(Rotated::Unanswered)
    }

    /// The station took the password that was proposed: it is the one in force, the old one is refused at once, and it is not
    /// the factory's any more. False when this one was not proposed, or is settled already. The session goes on.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn accept(&self, id: &str, proposed: &Credential, by: &str) -> Result<bool, RosterError> {
        let _turn = self.turn(id).await;
        let before = self.stored(id).await?;
        if before.proposed.as_ref() != Some(proposed) {
            return Ok(false);
        }
        let mut after = before.clone();
        after.credential = after.proposed.take();
        after.proposed_deferred = false;
        after.factory = false;
        self.commit(&before, after, by).await.map(|changed| changed.is_some())
    }

    /// The station did not take the password that was proposed: the old one stays. False when this one was not proposed, or is
    /// settled already.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn reject(&self, id: &str, proposed: &Credential, by: &str) -> Result<bool, RosterError> {
        let _turn = self.turn(id).await;
        let before = self.stored(id).await?;
        if before.proposed.as_ref() != Some(proposed) {
            return Ok(false);
        }
        let mut after = before.clone();
        after.proposed = None;
        after.proposed_deferred = false;
        self.commit(&before, after, by).await.map(|changed| changed.is_some())
    }
    /// The station took the password that was proposed and uses it after its next start: both stay good until it does, and that it
    /// still uses the old one says nothing. False when this one was not proposed, or is settled already.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn defer(&self, id: &str, proposed: &Credential, by: &str) -> Result<bool, RosterError> {
        let _turn = self.turn(id).await;
        let before = self.stored(id).await?;
        if before.proposed.as_ref() != Some(proposed) {
            return Ok(false);
        }
        let mut after = before.clone();
        after.proposed_deferred = true;
        self.commit(&before, after, by).await.map(|changed| changed.is_some())
    }

    /// The station did not say whether it took the password that was proposed: both stay good until it uses one of them. Only
    /// recorded. False when this one was not proposed, or is settled already.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn unanswered(&self, id: &str, proposed: &Credential, by: &str) -> Result<bool, RosterError> {
        let _turn = self.turn(id).await;
        if self.stored(id).await?.proposed.as_ref() != Some(proposed) {
            return Ok(false);
        }
        self.record("rotation-unknown", id, by, String::new(), Durability::Before).await?;
        Ok(true)
    }

    /// The station has connected, and by that shown which of two passwords it has. What is known of it after that.
    ///
    /// # Errors
    /// See [`RosterError`]. Both stay good then.
    pub(crate) async fn settle_by_use(
        &self,
        entry: &Arc<Station>,
        shown: Shown,
    ) -> Result<Option<Arc<Station>>, RosterError> {
        let Some(proposed) = &entry.secrets.proposed else { return Ok(None) };
        let (id, proposed) = (entry.id.as_str(), Credential::from_phc(proposed.clone()));
        let settled = match shown {
            Shown::Proposed => self.accept(id, &proposed, "station").await?,
            Shown::Current if entry.secrets.deferred => false,
            Shown::Current => self.reject(id, &proposed, "station").await?,
        };
        Ok(settled.then(|| self.find(&entry.id)).flatten())
    }
}
