//! Every queue, buffer, wait and rate of the proxy has its name, unit and default here.

use std::time::Duration;

/// The bounds in force. [`Bounds::default`] is what ships; the configuration may change each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Longest message, in bytes. A larger one ends the connection with 1009.
    pub frame_bytes: usize,
    /// Handshakes under way at once, all addresses together. A further one displaces one that has not sent its request, of the
    /// address with the most; else it is closed unanswered.
    pub handshakes: usize,
    /// Handshakes under way at once from one address (of IPv6: one /64); more are closed unanswered.
    pub handshakes_per_address: usize,
    /// Connections a second, all addresses together, after a burst of [`Bounds::handshakes`]. Beyond it, only addresses that have
    /// not connected lately are let in.
    pub handshakes_per_second: u32,
    /// Connections a second from one address, after a burst of [`Bounds::handshakes_per_address`]; more are closed unanswered.
    pub handshakes_per_second_per_address: u32,
    /// Sessions at once; more are refused with 503.
    pub sessions: usize,
    /// From accept to the upgrade's answer, incumbent check and CSMS included.
    pub handshake_wait: Duration,
    /// Longest head of an upgrade request, in bytes.
    pub handshake_bytes: usize,
    /// Secrets being verified at once. Each takes a core and the memory its hash asks for (19 MiB for the default).
    pub secret_checks: usize,
    /// How long an attempt may wait for its secret to be looked at; then it is refused as busy.
    pub secret_wait: Duration,
    /// Failures to prove who it is, of one address, that cost nothing; after them each doubles the delay until the next attempt at an id
    /// that the address has failed.
    pub guesses_per_address: u32,
    /// The same for one claimed id, of one address and of all together.
    pub guesses_per_station: u32,
    /// The longest such delay, and the time after which one failure is forgotten.
    pub guess_delay_max: Duration,
    /// Admissions of one station a minute, at once or spread.
    pub admissions_per_station: u32,
    /// Challenges of connected stations that an address may lose within [`Bounds::lost_challenge_window`]; the last of them has it kept
    /// out for [`Bounds::address_quarantine`].
    pub lost_challenges: u32,
    /// The window of [`Bounds::lost_challenges`].
    pub lost_challenge_window: Duration,
    /// How long such an address is kept out. Stations that last proved themselves from it and are not connected are let in.
    pub address_quarantine: Duration,
    /// How long the CSMS has to accept a connection and the upgrade.
    pub dial_wait: Duration,
    /// How long an incumbent has to answer the ping that decides whether a newcomer replaces it.
    pub incumbent_wait: Duration,
    /// Quiet time on a socket after which it is pinged.
    pub ping_interval: Duration,
    /// How long the pong may take before the connection counts as dead.
    pub pong_wait: Duration,
    /// How long a peer may take to receive what we write to it.
    pub write_wait: Duration,
    /// How long a message may be under way from its first to its last byte.
    pub message_wait: Duration,
    /// How long a close handshake may take.
    pub close_wait: Duration,
    /// Messages (of any kind, control frames included) a second that one peer may send, averaged over a tick.
    pub messages_per_second: u32,
    /// After the CSMS is lost the station is told within this time; each session draws its own delay from it, so that the
    /// stations do not all return in the same second.
    pub csms_lost_spread: Duration,
    /// On shutdown the sessions are closed spread over this time.
    pub drain_spread: Duration,
    /// On shutdown, how long to wait for sessions after the last one was told.
    pub drain_wait: Duration,
    /// How often a session looks at everything that is due.
    pub tick: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            frame_bytes: 128 * 1024, // DESIGN 2.7; the largest legal 2.1 messages of practice are some 60 KiB
            handshakes: 512,
            handshakes_per_address: 64, // a site behind one address returns at once after an outage
            handshakes_per_second: 1_000, // of mutual TLS: a quarter of a core
            handshakes_per_second_per_address: 20,
            sessions: 100_000,
            handshake_wait: Duration::from_secs(20), // stations give up after 20 to 60 s
            handshake_bytes: 8 * 1024,
            secret_checks: 2,
            secret_wait: Duration::from_secs(10), // half of the handshake; a check takes some 20 ms
            guesses_per_address: 10,
            guesses_per_station: 5, // a person mistypes; a rotation that went wrong is tried a few times
            guess_delay_max: Duration::from_secs(300),
            admissions_per_station: 12, // a station on a bad link comes back twice a minute
            lost_challenges: 3,
            lost_challenge_window: Duration::from_secs(600),
            address_quarantine: Duration::from_secs(600),
            dial_wait: Duration::from_secs(8),
            incumbent_wait: Duration::from_secs(5),
            ping_interval: Duration::from_secs(60),
            pong_wait: Duration::from_secs(20),
            write_wait: Duration::from_secs(10),
            message_wait: Duration::from_secs(20), // 128 KiB on a 64 kbit/s modem takes 16 s
            close_wait: Duration::from_secs(3),
            messages_per_second: 1_000, // a busy station sends fewer than 10; a load test a few hundred
            csms_lost_spread: Duration::from_secs(3),
            drain_spread: Duration::from_secs(2),
            drain_wait: Duration::from_secs(5),
            tick: Duration::from_secs(5),
        }
    }
}
