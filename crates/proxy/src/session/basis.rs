//! What a session rests on, looked at again while it runs.

use chargewarden_evidence::Security;

use super::Session;
use crate::{ending::Ending, refusal::Reason};

impl Session {
    /// Judges the station's certificate again if its listener's files were read anew or it came to its end. A session
    /// without a certificate rests on something else.
    pub(super) async fn reexamine(&mut self) -> Result<(), Ending> {
        let now = self.gateway.clock.now().wall;
        let Some(standing) = &mut self.standing else { return Ok(()) };
        if !standing.is_old() && !standing.has_expired(now) {
            return Ok(());
        }
        let chain = self.station.socket.get_ref().get_ref().certificates();
        let Err(problem) = standing.judge_again(chain, &self.entry, now) else { return Ok(()) };
        let reason = Reason::from(problem.fault);
        if let Some(event) = reason.event() {
            let event = Security {
                station: self.entry.id.to_string(),
                csms: self.entry.csms.name.clone(),
                peer: self.station.address.clone(),
                session: self.id.clone(),
                detail: format!("{}: {}", reason.code(), problem.detail),
                ..Security::own(event)
            };
            self.gateway.recorder.security(event).await;
        }
        Err(Ending::Certificate(problem.fault))
    }
}
