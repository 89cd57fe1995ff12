//! The limit on open files: every relayed station takes two descriptors, and the usual soft limit of 1,024 holds 500 stations.

use std::io;

use rlimit::Resource;

/// Descriptors for everything that is not a station: store, evidence, log, admin connections, TLS files being read.
const RESERVE: u64 = 256;
/// Descriptors of a relayed station: its own connection and the one to its management system.
const PER_STATION: u64 = 2;

/// What the system allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptors {
    /// Files that may be open now.
    pub(crate) limit: u64,
    /// Stations that fit.
    pub(crate) stations: u64,
}

/// Raises the soft limit as far as `sessions` and `handshakes` at once need it and the hard limit allows.
///
/// # Errors
/// When the system does not tell its limits or does not take the new one.
pub(crate) fn raise(sessions: usize, handshakes: usize) -> io::Result<Descriptors> {
    let (soft, hard) = Resource::NOFILE.get()?;
    let limit = wanted(sessions, handshakes).min(hard).max(soft);
    if limit > soft {
        Resource::NOFILE.set(limit, hard)?;
    }
    Ok(Descriptors { limit, stations: limit.saturating_sub(RESERVE) / PER_STATION })
}

fn wanted(sessions: usize, handshakes: usize) -> u64 {
    // A handshake holds both connections too, of a station that may not have a session yet.
    let stations = u64::try_from(sessions.saturating_add(handshakes)).unwrap_or(u64::MAX);
    stations.saturating_mul(PER_STATION).saturating_add(RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_lowered() {
        let (soft, _) = Resource::NOFILE.get().unwrap();
        let first = raise(1, 1).unwrap();
        assert_eq!(first.limit, soft.max(wanted(1, 1)));
        assert!(raise(usize::MAX, 1).unwrap().limit >= first.limit);
        assert_eq!(wanted(2_000, 500), 5_256);
    }
}
