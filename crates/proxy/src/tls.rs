//! TLS on the station side: files, what a connection is offered, and the judgement of certificates.
//!
//! The handshake proves one thing about a client certificate, that the peer holds its key. Whether the certificate makes the
//! peer the station it claims to be is judged by [`judge`], a pure function, once the upgrade request says who that is. So
//! each fault has a reason of its own in evidence and the same answer outside, and open sessions can be judged again when
//! anchors or revocation lists change.

mod acceptor;
mod certificate;
pub(crate) mod files;
mod hello;
mod possession;
mod presented;
mod remembered;
mod trust;
mod witness;

pub(crate) use self::acceptor::{Acceptance, Failure, TlsFacts, TlsStream, accept};
pub use self::{
    acceptor::CIPHER_SUITES,
    certificate::{Bound, CHAIN_MAX, CertificateFault, CertificateProblem, Expected, judge},
    files::TlsProblem,
    trust::{Revocation, Trust},
};
