//! The `chargewarden` command.
fn main() {}
