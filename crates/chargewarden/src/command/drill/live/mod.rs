//! What happens at the sockets: T01 to T15 against a gateway on loopback, as `run` starts it.

mod connections;
mod credentials;
mod frames;
mod scene;
mod systems;
mod trial;

use std::net::IpAddr;

use anyhow::Context;
use chargewarden_drill::attack::Stage;

use scene::Scene;
use trial::Trial;

/// An entry that is played here.
pub(super) struct Live {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

/// What is played, in the order of the catalogue.
pub(super) const ENTRIES: &[Live] = &[
    Live { id: "T01", name: "a stranger without a credential, or of no inventory" },
    Live { id: "T02", name: "a living station displaced by another connection" },
    Live { id: "T03", name: "ids and passwords guessed" },
    Live { id: "T04", name: "the credential of another station" },
    Live { id: "T06", name: "less security than before, at the door" },
    Live { id: "T07", name: "somebody in the place of the management system" },
    Live { id: "T08", name: "connections that are slow, silent or half open" },
    Live { id: "T09", name: "frames that are too large or too deep" },
    Live { id: "T13", name: "messages without measure" },
    Live { id: "T15", name: "the management system reached without us" },
];

/// Plays these entries.
pub(super) fn play(chosen: &[&Live]) -> anyhow::Result<Vec<Stage>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        let scene = Scene::set().await?;
        let mut trials = Vec::new();
        for (number, live) in (1_u8..).zip(chosen) {
            let mut trial = Trial::new(live.id, number);
            perform(&scene, &mut trial).await?;
            trials.push(trial);
        }
        let evidence = scene.end().await?;
        Ok(trials.into_iter().flat_map(|trial| trial.finish(&evidence)).collect())
    })
}

async fn perform(scene: &Scene, trial: &mut Trial) -> anyhow::Result<()> {
    match trial.id {
        "T01" => credentials::none(scene, trial).await,
        "T02" => connections::displaced(scene, trial).await?,
        "T03" => credentials::guessed(scene, trial).await?,
        "T04" => credentials::of_others(scene, trial).await,
        "T06" => credentials::lowered(scene, trial).await,
        "T07" => systems::impostors(scene, trial).await,
        "T08" => connections::slow(scene, trial).await,
        "T09" => frames::too_large(scene, trial).await?,
        "T13" => frames::too_many(scene, trial).await?,
        "T15" => systems::bypassed(trial).await?,
        _ => {}
    }
    Ok(())
}

/// A loopback address of a trial: what one does is not held against another.
fn address(trial: u8, number: u8) -> IpAddr {
    [127, 0, 64 + trial, number].into()
}
