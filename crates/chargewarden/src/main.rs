//! The `chargewarden` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    chargewarden::command::main().into()
}
