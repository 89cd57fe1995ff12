//! What is due from time to time: pings, silence, slow and unfinished messages, rates, the core's own waits.

use std::sync::Arc;

use chargewarden_engine::Input;
use chargewarden_ocpp::Side;
use tokio_websockets::Message;

use super::Session;
use crate::{bounds::Bounds, ending::Ending, meters};

/// What a look at a peer found.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Ping,
    End(Ending),
}

impl Session {
    pub(super) async fn tick(&mut self) -> Result<(), Ending> {
        let now_ms = self.gateway.clock.now().mono_ms;
        for side in [Side::Station, Side::Csms] {
            match self.look(side, now_ms) {
                Due::Nothing => {}
                Due::Ping => self.ping(side, now_ms, b"").await?,
                Due::End(ending) => {
                    meters::bound_hit(ending.word());
                    return Err(ending);
                }
            }
        }
        self.reexamine()?;
        let due = self.core.next_tick(&self.gateway.world.load());
        if due.is_some_and(|due_ms| due_ms <= now_ms) {
            self.handle(Input::Tick).await?;
        }
        Ok(())
    }

    fn look(&mut self, side: Side, now_ms: u64) -> Due {
        let gateway = Arc::clone(&self.gateway);
        let Some(peer) = self.peer(side) else { return Due::Nothing };
        let messages = std::mem::take(&mut peer.messages);
        let unfinished = peer.socket.get_ref().unfinished() > 0;
        peer.unfinished_ms = unfinished.then(|| peer.unfinished_ms.unwrap_or(now_ms));
        let seen = Seen {
            heard_ms: peer.heard_ms,
            pinged_ms: peer.pinged_ms,
            unfinished_ms: peer.unfinished_ms,
            messages,
        };
        seen.due(side, now_ms, &gateway.bounds)
    }

    async fn ping(&mut self, side: Side, now_ms: u64, payload: &[u8]) -> Result<(), Ending> {
        let Some(peer) = self.peer(side) else { return Ok(()) };
        peer.pinged_ms = Some(now_ms);
        peer.queue(Message::ping(payload.to_vec())).map_err(|_| Ending::Lost(side))?;
        self.flush(side).await
    }

    /// Another connection claims this station: ask the one we have. Only the pong to this very ping counts, since other
    /// frames may have been under way before the connection died.
    pub(super) async fn challenged(&mut self) -> Result<(), Ending> {
        let now_ms = self.gateway.clock.now().mono_ms;
        let payload = now_ms.to_be_bytes();
        self.challenge = Some(payload);
        self.ping(Side::Station, now_ms, &payload).await
    }

    pub(super) fn ponged(&mut self, from: Side, payload: &[u8]) {
        if from == Side::Station && self.challenge.is_some_and(|sent| sent == payload) {
            self.challenge = None;
            self.signal.answered();
        }
    }
}

/// What is known of a peer at a tick.
struct Seen {
    heard_ms: u64,
    pinged_ms: Option<u64>,
    unfinished_ms: Option<u64>,
    messages: u32,
}

impl Seen {
    fn due(&self, side: Side, now_ms: u64, bounds: &Bounds) -> Due {
        let passed = |since: u64, wait: std::time::Duration| {
            u128::from(now_ms.saturating_sub(since)) >= wait.as_millis()
        };
        let per_tick = f64::from(bounds.messages_per_second) * bounds.tick.as_secs_f64();
        if f64::from(self.messages) > per_tick {
            return Due::End(Ending::Rate(side));
        }
        if self.unfinished_ms.is_some_and(|since| passed(since, bounds.message_wait)) {
            return Due::End(Ending::SlowMessage(side));
        }
        match self.pinged_ms {
            Some(since) if passed(since, bounds.pong_wait) => Due::End(Ending::Silent(side)),
            Some(_) => Due::Nothing,
            None if passed(self.heard_ms, bounds.ping_interval) => Due::Ping,
            None => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(seen: Seen) -> Due {
        seen.due(Side::Station, 1_000_000, &Bounds::default())
    }

    #[test]
    fn what_is_due() {
        let quiet = || Seen { heard_ms: 999_000, pinged_ms: None, unfinished_ms: None, messages: 0 };
        assert_eq!(due(quiet()), Due::Nothing);
        assert_eq!(due(Seen { heard_ms: 940_000, ..quiet() }), Due::Ping);
        assert_eq!(due(Seen { heard_ms: 940_000, pinged_ms: Some(995_000), ..quiet() }), Due::Nothing);
        assert_eq!(
            due(Seen { pinged_ms: Some(980_000), ..quiet() }),
            Due::End(Ending::Silent(Side::Station))
        );
        assert_eq!(
            due(Seen { unfinished_ms: Some(980_000), ..quiet() }),
            Due::End(Ending::SlowMessage(Side::Station))
        );
        assert_eq!(due(Seen { unfinished_ms: Some(980_001), ..quiet() }), Due::Nothing);
        assert_eq!(due(Seen { messages: 5_000, ..quiet() }), Due::Nothing);
        assert_eq!(due(Seen { messages: 5_001, ..quiet() }), Due::End(Ending::Rate(Side::Station)));
    }
}
