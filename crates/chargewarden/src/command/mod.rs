//! The command line: one file per command.

mod check;
mod control;
mod demo;
mod doctor;
mod drill;
mod events;
mod evidence;
mod policy;
mod run;
mod schema;
mod service;
mod standing;
mod station;

use clap::{Parser, Subcommand};

use crate::Exit;

/// A zero-trust enforcement point between EV charging stations and the systems that command them.
#[derive(Debug, Parser)]
#[command(name = "chargewarden", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 something was found or refused · 2 wrong command line · \
3 wrong configuration · 4 something outside is not available · 5 stopped, but not everything ended in order";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Run(run::Run),
    /// Show it: a gateway, a fleet, a management system, and an operator console that gets taken over.
    Demo(demo::Demo),
    /// Validate configuration, inventory and bundles; print what is effective and where it comes from.
    Check(check::Check),
    /// Look at a deployment from outside: can a management system be reached without us, what expires, what is exposed.
    Doctor(Box<doctor::Doctor>),
    /// Play the attack catalogue, and the work that looks like it, against policies: what got through, what was hindered.
    Drill(drill::Drill),
    /// Policy bundles.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Stations of the inventory.
    #[command(subcommand)]
    Station(station::Station),
    /// Who is watched or set apart: stations, management systems, addresses.
    #[command(subcommand)]
    Standing(standing::Standing),
    /// Security events: what stations report, and what the service sees.
    Events(events::Events),
    /// Have the running service read its configuration again, and all the files it names.
    Reload(service::Reload),
    /// Ask the running service how it is.
    Status(service::Status),
    /// The evidence log.
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Print the JSON schema of the configuration file.
    Schema(schema::Schema),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let done = match cli.command {
        Command::Run(run) => run.run(),
        Command::Demo(demo) => demo.run(),
        Command::Check(check) => check.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Drill(drill) => drill.run(),
        Command::Policy(policy) => policy.run(),
        Command::Station(station) => station.run(),
        Command::Standing(standing) => standing.run(),
        Command::Events(events) => events.run(),
        Command::Reload(reload) => reload.run(),
        Command::Status(status) => status.run(),
        Command::Evidence(evidence) => evidence.run(),
        Command::Schema(schema) => schema.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Exit::Unavailable
    })
}

/// Prints a line to standard output; a closed pipe (`| head`) is not an error worth a message.
pub(crate) fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
