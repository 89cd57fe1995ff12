//! The load of `cargo xtask bench`, in processes of their own so that the proxies' CPU time
//! is theirs alone.
//!
//! Each role prints a line when it is ready, does as it is told line by line on standard input, and
//! ends when that is closed: nothing is left behind when the bench is interrupted.

mod connect;
mod csms;
mod relay;
mod stations;

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use chargewarden_ocpp::Timestamp;
use clap::Parser;
use tokio::sync::mpsc;

/// One role of the bench.
#[derive(Parser)]
enum Role {
    /// A management system that answers every call at once. Prints `listening PORT`.
    Csms,
    /// A relay that copies bytes and looks at none. Prints `listening PORT`.
    Relay {
        /// Port on loopback to connect onwards to.
        #[arg(long)]
        to: u16,
    },
    /// Stations that connect over mutual TLS, all at once or at a rate, and stay. Prints `ready COUNT` once the
    /// certificates are made, then one JSON object per instruction.
    Connect(connect::Connect),
    /// Stations that send MeterValues and wait for each answer. Prints `ready COUNT`.
    Stations(stations::Stations),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    match Role::parse() {
        Role::Csms => csms::run().await,
        Role::Relay { to } => relay::run(to).await,
        Role::Connect(connect) => connect.run().await,
        Role::Stations(stations) => stations.run().await,
    }
}

/// The bench's instructions, line by line; the channel closes with standard input.
fn instructions() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits until standard input is closed.
async fn until_closed() -> io::Result<()> {
    let mut lines = instructions();
    while lines.recv().await.is_some() {}
    Ok(())
}

/// The time now, as OCPP writes it.
fn now() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).to_string()
}
