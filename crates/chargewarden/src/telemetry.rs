//! Logs, metrics, and what happens on a panic.
//!
//! Levels: ERROR needs a person now; WARN will need one; INFO is what happened to connections, bundles and the service;
//! DEBUG is how; TRACE holds frames. Secrets are types that do not print.

use std::sync::{Once, OnceLock};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Sink};

/// Buckets of times, in seconds: from the cost of a decision (some 10 us) to a slow disk.
const SECONDS: [f64; 14] =
    [10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 0.1, 0.5, 2.0];

/// How often samples are put into buckets; between, they wait in memory.
const UPKEEP: std::time::Duration = std::time::Duration::from_secs(5);

/// Starts logging to standard error. The second call changes nothing.
pub fn init(sink: &Sink) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Checked when the configuration was resolved.
        let filter = sink.level.parse::<EnvFilter>().unwrap_or_else(|_| EnvFilter::new("info"));
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_writer(std::io::stderr);
        let _ = match sink.format {
            LogFormat::Text => builder.try_init(),
            LogFormat::Json => builder.json().flatten_event(true).try_init(),
        };
        log_panics();
    });
}

/// A panic is a defect: it is logged where the log goes, and counted.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        metrics::counter!("chargewarden_panics_total").increment(1);
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a defect of this program: a task panicked; please report it");
        before(panic);
    }));
}

/// Where the metrics of this process are. One recorder serves all gateways of a process.
///
/// # Errors
/// When another recorder was installed before.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe();
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Puts samples into buckets from time to time, as long as the runtime lives.
pub(crate) async fn keep_up(handle: PrometheusHandle) {
    let mut interval = tokio::time::interval(UPKEEP);
    loop {
        interval.tick().await;
        handle.run_upkeep();
    }
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("chargewarden_messages_total", "Messages decided, by sender and verdict.");
    describe_counter!(
        "chargewarden_refusals_total",
        "Messages refused or held, by action, effect and reason."
    );
    describe_counter!(
        "chargewarden_violations_total",
        "Frames that broke a rule, by the side to blame and the rule."
    );
    describe_counter!("chargewarden_received_bytes_total", Unit::Bytes, "Bytes of data messages received.");
    describe_counter!("chargewarden_connections_refused_total", "Connections refused, by reason.");
    describe_counter!("chargewarden_sessions_ended_total", "Sessions ended, by reason.");
    describe_counter!("chargewarden_bounds_hit_total", "Named bounds that were reached.");
    describe_counter!("chargewarden_panics_total", "Panics: defects of this program.");
    describe_gauge!("chargewarden_sessions", "Station sessions open.");
    describe_gauge!("chargewarden_handshakes", "Handshakes under way.");
    describe_gauge!("chargewarden_stations", "Stations in the inventory.");
    describe_gauge!("chargewarden_ready", "1 when the service can do its work.");
    describe_gauge!("chargewarden_evidence_available", "1 when evidence can be written.");
    describe_histogram!(
        "chargewarden_relay_seconds",
        Unit::Seconds,
        "From a received message to the end of its steps."
    );
    describe_histogram!(
        "chargewarden_durable_wait_seconds",
        Unit::Seconds,
        "Waits for a record to be on disk."
    );
}
