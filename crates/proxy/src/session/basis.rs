//! What a session rests on, looked at again while it runs.

use super::Session;
use crate::ending::Ending;

impl Session {
    /// Judges the station's certificate again if its listener's files were read anew or it came to its end. A session
    /// without a certificate rests on something else.
    pub(super) fn reexamine(&mut self) -> Result<(), Ending> {
        let now = self.gateway.clock.now().wall;
        let Some(standing) = &mut self.standing else { return Ok(()) };
        if !standing.is_old() && !standing.has_expired(now) {
            return Ok(());
        }
        let chain = self.station.socket.get_ref().get_ref().certificates();
        let Err(problem) = standing.judge_again(chain, &self.entry, now) else { return Ok(()) };
        self.why = problem.detail;
        Err(Ending::Certificate(problem.fault))
    }
}
