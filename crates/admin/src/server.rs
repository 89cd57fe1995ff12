//! The HTTP server.

use std::{io, net::SocketAddr};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use thiserror::Error;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{host::Hosts, readiness::Readiness};

/// What the server is started with.
#[derive(Debug)]
pub struct Plan {
    /// Where it listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Permits an address that others can reach. Nobody has to sign in yet.
    pub danger_allow_nonloopback: bool,
    /// Under which names it may be asked.
    pub hosts: Hosts,
    /// Whether the service can do its work.
    pub readiness: Readiness,
    /// Where the metrics are.
    pub metrics: PrometheusHandle,
}

/// Why the server does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address that others can reach, without the setting that permits it.
    #[error("`{0}` is not a loopback address; listen on 127.0.0.1, or set `danger_allow_nonloopback = true`")]
    NonLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// The running server. Ends when dropped.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Admin {
    /// Listens and serves.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(plan: Plan) -> Result<Admin, StartError> {
        if !plan.address.ip().is_loopback() && !plan.danger_allow_nonloopback {
            return Err(StartError::NonLoopback(plan.address));
        }
        let failed = |source| StartError::Listen { address: plan.address, source };
        let listener = TcpListener::bind(plan.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = router(plan.hosts, plan.readiness, plan.metrics);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            if let Err(error) = server.await {
                tracing::error!(%error, "the admin server ended");
            }
        });
        Ok(Admin { address, stop: Some(stop), serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; requests under way are not waited for.
    pub fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Sources {
    readiness: Readiness,
    metrics: PrometheusHandle,
}

/// The routes, behind the check of the `Host`.
pub fn router(hosts: Hosts, readiness: Readiness, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .with_state(Sources { readiness, metrics })
        .layer(middleware::from_fn_with_state(hosts, check_host))
}

/// The process is alive and its runtime answers. Nothing else is looked at: a restart would not mend it.
async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 with all checks, or 503 with the same, so that a load balancer and a person read the same thing.
async fn readyz(State(sources): State<Sources>) -> Response {
    let checks = sources.readiness.now();
    let ready = checks.iter().all(|check| check.ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(serde_json::json!({ "ready": ready, "checks": checks }))).into_response()
}

async fn render(State(sources): State<Sources>) -> impl IntoResponse {
    const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], sources.metrics.render())
}

async fn check_host(
    State(hosts): State<Hosts>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let mut named = headers.get_all(header::HOST).iter().map(HeaderValue::to_str);
    match (named.next(), named.next()) {
        (Some(Ok(host)), None) if hosts.allows(host) => next.run(request).await,
        _ => (StatusCode::MISDIRECTED_REQUEST, "unknown host\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use metrics_exporter_prometheus::PrometheusBuilder;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::readiness::Check;

    fn plan(ip: Ipv4Addr, checks: Vec<Check>) -> Plan {
        Plan {
            address: (ip, 0).into(),
            danger_allow_nonloopback: false,
            hosts: Hosts::new([]),
            readiness: Readiness::new(move || checks.clone()),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        }
    }

    async fn get(admin: &Admin, path: &str, host: &str) -> String {
        let mut tcp = TcpStream::connect(admin.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_can_be_asked() {
        let checks = vec![Check::ready("store"), Check::not_ready("policies", "none loaded")];
        let admin = Admin::start(plan(Ipv4Addr::LOCALHOST, checks)).await.unwrap();
        let health = get(&admin, "/healthz", "Host: localhost").await;
        assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
        let ready = get(&admin, "/readyz", "Host: 127.0.0.1:1").await;
        assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
        assert!(ready.contains(r#"{"name":"policies","ready":false,"reason":"none loaded"}"#), "{ready}");
        assert!(get(&admin, "/metrics", "Host: localhost").await.starts_with("HTTP/1.1 200"));
        assert!(get(&admin, "/nothing", "Host: localhost").await.starts_with("HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn other_names_are_refused() {
        let admin = Admin::start(plan(Ipv4Addr::LOCALHOST, vec![])).await.unwrap();
        for host in ["Host: evil.example", "Host: localhost\r\nHost: evil.example", "X: y"] {
            let answer = get(&admin, "/metrics", host).await;
            assert!(
                answer.starts_with("HTTP/1.1 421") || answer.starts_with("HTTP/1.1 400"),
                "{host}: {answer}"
            );
        }
        admin.stop();
    }

    #[tokio::test]
    async fn other_machines_cannot_reach_it_by_default() {
        let refused = Admin::start(plan(Ipv4Addr::UNSPECIFIED, vec![])).await.unwrap_err();
        assert!(matches!(refused, StartError::NonLoopback(_)));
    }
}
