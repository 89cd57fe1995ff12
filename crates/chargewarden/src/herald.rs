//! Security events that come of operating the service: by the running proxy, which counts them too, or straight into the log.

use std::sync::Weak;

use chargewarden_evidence::{Durability, Event, Record, Security};
use chargewarden_proxy::Proxy;
use chargewarden_store::Scribe;

use crate::gateway::stamp;

/// Raises them.
#[derive(Clone)]
pub(crate) struct Herald {
    scribe: Scribe,
    proxy: Weak<Proxy>,
}

impl Herald {
    /// Of a running service, or of none (`Weak::new()`).
    pub(crate) fn new(scribe: Scribe, proxy: Weak<Proxy>) -> Herald {
        Herald { scribe, proxy }
    }

    /// Closes the log, for a command that worked without a service.
    pub(crate) async fn close(self) {
        self.scribe.close().await;
    }

    pub(crate) async fn raise(&self, event: Security) {
        if let Some(proxy) = self.proxy.upgrade() {
            return proxy.security(event).await;
        }
        let record = Record { at: stamp(), event: Event::Security(event) };
        if let Err(error) = self.scribe.append(&record, Durability::Before).await {
            tracing::error!(%error, "the evidence log does not take a security event");
        }
    }
}
