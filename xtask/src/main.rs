//! Chores of the repository, run as `cargo xtask CHORE`.

mod bench;
mod check;
mod generate;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run everything that CI holds.
    Test(test::Test),
    /// Check directions between crates, licences, bans and what must not be in the repository.
    Check,
    /// Write anew what is generated and committed: reference documentation and schemas.
    Generate,
    /// Measure what the gateway costs, beside something well known.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Test(test) => test.run(),
        Chore::Check => check::run(),
        Chore::Generate => generate::run(),
        Chore::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
