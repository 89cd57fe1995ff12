//! Exit codes, in one place. `docs/operations.md` has the same table.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing was found.
    Ok,
    /// 1: done, and something was found: a refusal, a problem in a bundle, a log that was tampered with.
    Finding,
    /// 2: the command line is wrong. The number clap uses.
    Usage,
    /// 3: the configuration is wrong.
    Configuration,
    /// 4: something outside is not available: an address in use, a store that is locked, a file that cannot be read.
    Unavailable,
    /// 5: stopped by a signal, but not everything ended in order.
    Unclean,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::Finding => 1,
            Exit::Usage => 2,
            Exit::Configuration => 3,
            Exit::Unavailable => 4,
            Exit::Unclean => 5,
        })
    }
}
