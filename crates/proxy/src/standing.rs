//! What a session of security profile 3 stands on: a certificate, judged when it opened and again when anything changes.

use std::sync::Arc;

use chargewarden_ocpp::Timestamp;
use rustls::pki_types::CertificateDer;

use crate::{
    arrival::{Caller, Listener},
    directory::Station,
    tls::{Bound, CertificateFault, CertificateProblem, Expected, judge},
};

/// A session's certificate, as far as its end matters. The certificate itself stays with the TLS connection.
pub(crate) struct Standing {
    listener: Arc<Listener>,
    /// Of the listener's files, when it was judged.
    generation: u64,
    not_after: Timestamp,
}

impl Standing {
    /// Judges a caller's certificate as that of a station.
    pub(crate) fn of(
        caller: &Caller,
        entry: &Station,
        now: Timestamp,
    ) -> Result<(Standing, Bound), CertificateProblem> {
        let (bound, generation) = judged(caller, name(entry), now)?;
        let not_after = bound.not_after;
        Ok((Standing { listener: Arc::clone(&caller.listener), generation, not_after }, bound))
    }

    /// Whether the listener's files have been read again since it was judged.
    pub(crate) fn is_old(&self) -> bool {
        self.listener.acceptance().is_none_or(|acceptance| acceptance.generation != self.generation)
    }

    /// Whether a certificate of its path has come to its end.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        now > self.not_after
    }

    /// Judges the certificate of an open session again, by the files as they are now.
    pub(crate) fn judge_again(
        &mut self,
        chain: &[CertificateDer<'_>],
        entry: &Station,
        now: Timestamp,
    ) -> Result<(), CertificateProblem> {
        match judge_by(&self.listener, chain, name(entry), now) {
            Ok((bound, generation)) => {
                self.generation = generation;
                self.not_after = bound.not_after;
                Ok(())
            }
            // A list that came late ends no session: it would end all of them at once. Nobody new is admitted meanwhile.
            Err(problem) if problem.fault == CertificateFault::RevocationUnknown => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}

/// The name that the station's certificate has.
pub(crate) fn name(entry: &Station) -> &str {
    entry.certificate_name.as_deref().unwrap_or(entry.id.as_str())
}

/// Judges a caller's certificate as that of a station of this name.
pub(crate) fn judged(
    caller: &Caller,
    name: &str,
    now: Timestamp,
) -> Result<(Bound, u64), CertificateProblem> {
    let chain = caller.tls.as_ref().and_then(|tls| tls.client.as_deref()).unwrap_or_default();
    judge_by(&caller.listener, chain, name, now)
}

/// Judges by a listener's files as they are now.
fn judge_by(
    listener: &Listener,
    chain: &[CertificateDer<'_>],
    name: &str,
    now: Timestamp,
) -> Result<(Bound, u64), CertificateProblem> {
    // Where no certificates are asked for any more, none is trusted.
    let Some(acceptance) = listener.acceptance() else { return Err(CertificateFault::Untrusted.into()) };
    let Some(trust) = &acceptance.trust else { return Err(CertificateFault::Untrusted.into()) };
    let expected = Expected { name, organisation: acceptance.organisation.as_deref(), now };
    judge(chain, trust, &expected).map(|bound| (bound, acceptance.generation))
}
