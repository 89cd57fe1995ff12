//! `chargewarden demo`: a gateway, a management system and a dozen stations on loopback, and an
//! operator console that gets taken over.
//!
//! Everything is real but the steel: the gateway is the one that `run` starts, the frames cross
//! sockets, and what is shown is read back from the evidence log.

mod scene;
mod screen;
mod script;

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::Exit;
use scene::Scene;
use screen::Screen;
use script::Order;

/// How fast simulated time goes: a minute of charging takes a second.
const SPEED: f64 = 60.0;

/// How long stations have to connect and boot.
const ARRIVAL_WAIT: Duration = Duration::from_secs(20);

/// Between two orders when somebody watches.
const UNHURRIED: Duration = Duration::from_millis(1200);

/// Between two orders with `--once`.
const BRISK: Duration = Duration::from_millis(150);

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End when the story is told, with exit code 1 if anything went other than it should.
    #[arg(long)]
    once: bool,
    /// Keep the evidence, inventory and keys in this new directory instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    keep: Option<std::path::PathBuf>,
}

/// How an act ended.
#[derive(Default)]
struct Tally {
    asked: usize,
    passed: usize,
    refused: usize,
    held: usize,
    /// Orders that a station received although they were not to pass.
    leaked: usize,
}

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
        runtime.block_on(self.play())
    }

    async fn play(self) -> anyhow::Result<Exit> {
        let screen = Screen::new();
        let pause = if self.once { BRISK } else { UNHURRIED };
        screen.act("Chargewarden demo");
        screen.tell(
            "A gateway, a management system and twelve charging stations, all on this machine's loopback. \
             Every message between them is decided on its own.",
        );
        let mut scene = Scene::set(self.keep.as_deref(), SPEED).await?;
        let online = scene.wait_for_fleet(ARRIVAL_WAIT).await;
        screen.tell(&format!(
            "{online} stations are connected, {} are charging, {} kW in all.",
            scene.charging(),
            scene.power_kw(),
        ));

        screen.act("An ordinary morning at the operator console");
        let work = scene.act(&screen, script::work(), pause).await?;

        screen.act("Somebody else has the console now");
        screen.tell(
            "The session is authenticated, the channel is the right one, and every frame is valid OCPP.",
        );
        screen.tell("");
        let attack = scene.act(&screen, script::taken_over(), pause).await?;

        if !self.once {
            screen.tell("The fleet goes on charging. Ctrl-C ends the demo and verifies the evidence.");
            tokio::signal::ctrl_c().await.context("signals")?;
        }
        let ending = scene.end().await?;

        screen.act("What it came to");
        screen.tally(&[
            ("messages decided", ending.messages.to_string()),
            ("work that passed", format!("{} of {}", work.passed, work.asked)),
            ("hostile orders refused", format!("{} of {}", attack.refused, attack.asked)),
            ("hostile orders held for a second person", format!("{} of {}", attack.held, attack.asked)),
            ("hostile orders that reached a station", attack.leaked.to_string()),
            ("reports of stations refused", ending.reports_refused.to_string()),
            ("evidence records", ending.records.to_string()),
            ("evidence", if ending.verified { "verifies".into() } else { "DOES NOT VERIFY".into() }),
        ]);
        if let Some(kept) = &self.keep {
            screen.tell("");
            screen
                .tell(&format!("Look closer: chargewarden evidence export {}", kept.join("data").display()));
        }
        let stopped = attack.leaked == 0 && attack.refused + attack.held == attack.asked;
        let good = stopped && work.passed == work.asked && ending.verified && ending.reports_refused == 0;
        screen.verdict(
            good,
            match good {
                true => "The console was lost. The stations were not.",
                false => "This is not how it should have ended; please report it.",
            },
        );
        Ok(if good { Exit::Ok } else { Exit::Finding })
    }
}

impl Scene {
    /// Gives the orders one after another and shows what the evidence says of each.
    async fn act(&mut self, screen: &Screen, orders: Vec<Order>, pause: Duration) -> anyhow::Result<Tally> {
        use chargewarden_evidence::Verdict;
        let mut tally = Tally::default();
        for order in &orders {
            let outcome = self.give(order).await?;
            screen.block(order, outcome.seq, &outcome.message);
            tally.asked += 1;
            match outcome.message.verdict {
                Verdict::Forward => tally.passed += 1,
                Verdict::Refuse { .. } => tally.refused += 1,
                Verdict::Hold { .. } => tally.held += 1,
            }
            let meant_to_pass = matches!(outcome.message.verdict, Verdict::Forward);
            tally.leaked += usize::from(outcome.reached_station && !meant_to_pass);
            tokio::time::sleep(pause).await;
        }
        Ok(tally)
    }
}
