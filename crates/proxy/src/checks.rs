//! Slots for slow checks of secrets: few at once, shared fairly among the addresses that wait, and waited for a bounded time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{meters, origin::Origin, refusal::Reason, turns::Turns};

/// Checks waiting at once. As many as there are handshakes under way by default, so only a larger number of those meets it.
pub(crate) const CHECKS_WAITING_MAX: usize = 512;

/// The slots.
#[derive(Debug)]
pub(crate) struct Checks {
    wait: Duration,
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    free: usize,
    turns: Turns<oneshot::Sender<Slot>>,
}

/// A check's right to run; given on when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    checks: Option<Arc<Checks>>,
}

impl Checks {
    /// `slots` at once; waited for at most `wait`.
    pub(crate) fn new(slots: usize, wait: Duration) -> Checks {
        let line = Line { free: slots, turns: Turns::new(CHECKS_WAITING_MAX) };
        Checks { wait, line: Mutex::new(line) }
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// [`Reason::Busy`] when too many wait, or for too long.
    pub(crate) async fn slot(self: &Arc<Checks>, origin: Origin) -> Result<Slot, Reason> {
        let turn = {
            let mut line = self.lock();
            if line.free > 0 {
                line.free -= 1;
                return Ok(Slot { checks: Some(Arc::clone(self)) });
            }
            if line.turns.len() >= CHECKS_WAITING_MAX {
                line.turns.retain(|waiting| !waiting.is_closed());
            }
            let (sender, turn) = oneshot::channel();
            // Whoever is displaced sees its sender gone.
            drop(line.turns.join(origin, sender));
            turn
        };
        match timeout(self.wait, turn).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) | Err(_) => {
                meters::bound_hit("secret-checks");
                Err(Reason::Busy)
            }
        }
    }

    /// Hands a slot to whose turn it is.
    fn release(self: Arc<Checks>) {
        let mut checks = self;
        loop {
            let next = {
                let mut line = checks.lock();
                let next = line.turns.next();
                if next.is_none() {
                    line.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            let Err(unwanted) = next.send(Slot { checks: Some(checks) }) else { return };
            // It went away: taken back without dropping, which would come here again.
            let Some(again) = unwanted.into_inner() else { return };
            checks = again;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn into_inner(mut self) -> Option<Arc<Checks>> {
        self.checks.take()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(checks) = self.checks.take() {
            checks.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn origin(n: u32) -> Origin {
        IpAddr::from(Ipv4Addr::from(n)).into()
    }

    #[tokio::test]
    async fn addresses_have_turns() {
        let checks = Arc::new(Checks::new(1, Duration::from_secs(5)));
        let first = checks.slot(origin(1)).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for from in [1, 1, 1, 2, 3] {
            let (checks, order) = (Arc::clone(&checks), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let slot = checks.slot(origin(from)).await.unwrap();
                order.lock().unwrap().push(from);
                drop(slot);
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 1]);
        let line = checks.lock();
        assert_eq!((line.free, line.turns.len()), (1, 0));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_bound() {
        let checks = Arc::new(Checks::new(1, Duration::from_millis(10)));
        let held = checks.slot(origin(1)).await.unwrap();
        assert_eq!(checks.slot(origin(2)).await.unwrap_err(), Reason::Busy);
        // A slot is not lost to one that stopped waiting.
        drop(held);
        assert!(checks.slot(origin(3)).await.is_ok());
        assert_eq!(checks.lock().free, 1);
    }
}
