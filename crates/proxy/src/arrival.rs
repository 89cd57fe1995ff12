//! From an accepted connection to somebody at the door: where it comes from, and TLS.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use arc_swap::ArcSwap;
use tokio::net::TcpStream;

use crate::{
    listener::{ListenerPlan, ListenerTls},
    proxy_header::{self, ProxyHeaderProblem},
    refusal::Reason,
    tls::{self, Acceptance, Failure, TlsFacts, TlsProblem},
    transport::Transport,
};

/// A listener while it runs.
pub(crate) struct Listener {
    pub(crate) plan: ListenerPlan,
    /// What its TLS files say; none without TLS. Replaced as a whole while running.
    acceptance: Option<ArcSwap<Acceptance>>,
}

/// Who is at the door.
#[derive(Clone)]
pub(crate) struct Caller {
    /// Where it comes from: what a PROXY header says, where one is required.
    pub(crate) peer: SocketAddr,
    /// Where it came in.
    pub(crate) listener: Arc<Listener>,
    /// How its connection is secured.
    pub(crate) tls: Option<TlsFacts>,
}

impl Listener {
    /// Reads the listener's files.
    pub(crate) fn new(plan: ListenerPlan) -> Result<Listener, TlsProblem> {
        let acceptance = plan.tls.as_ref().map(|tls| Acceptance::read(tls, None)).transpose()?;
        Ok(Listener { plan, acceptance: acceptance.map(ArcSwap::from_pointee) })
    }

    /// What its TLS files say now.
    pub(crate) fn acceptance(&self) -> Option<Arc<Acceptance>> {
        self.acceptance.as_ref().map(ArcSwap::load_full)
    }

    /// Reads files anew. What is in force stays. Waits for the disk.
    pub(crate) fn read_again(&self, tls: &ListenerTls) -> Result<Arc<Acceptance>, TlsProblem> {
        let Some(current) = &self.acceptance else { return Err(TlsProblem::NotTls) };
        Acceptance::read(tls, Some(&current.load())).map(Arc::new)
    }

    /// Puts what was read in force.
    pub(crate) fn put_in_force(&self, fresh: Arc<Acceptance>) {
        if let Some(current) = &self.acceptance {
            current.store(fresh);
        }
    }

    /// Whether connections from this address begin with a PROXY header.
    pub(crate) fn is_balancer(&self, address: IpAddr) -> bool {
        self.plan.proxy_from.iter().any(|network| network.contains(&address))
    }
}

/// Reads the PROXY header of a balancer's connection. The caller bounds the time.
pub(crate) async fn source(tcp: &mut TcpStream, balancer: SocketAddr) -> Result<SocketAddr, Failure> {
    proxy_header::read(tcp, balancer).await.map_err(|problem| match problem {
        // How balancers see whether we live.
        ProxyHeaderProblem::Nothing => Failure::Silent,
        ProxyHeaderProblem::Ended
        | ProxyHeaderProblem::Absent
        | ProxyHeaderProblem::TooLong(_)
        | ProxyHeaderProblem::NoAddress => Failure::Refused(Reason::ProxyHeader, problem.to_string()),
    })
}

/// Shakes hands where the listener has TLS. The caller bounds the time.
pub(crate) async fn secure(
    listener: &Listener,
    tcp: TcpStream,
) -> Result<(Transport, Option<TlsFacts>), Failure> {
    let Some(acceptance) = listener.acceptance() else { return Ok((Transport::Plain(tcp), None)) };
    let (stream, facts) = tls::accept(&acceptance, tcp).await?;
    Ok((Transport::Tls(stream), Some(facts)))
}
