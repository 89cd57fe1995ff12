//! A station's password is replaced while both are good: from the moment before the command is sent until the station has
//! said, or shown by signing in, which of the two it uses (requirement R-A07).

use chargewarden_store::Credential;

use super::{Roster, RosterError};

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
        self.commit(&before, after, by).await.map(drop)
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
        self.commit(&before, after, by).await.map(|changed| changed.is_some())
    }
}
