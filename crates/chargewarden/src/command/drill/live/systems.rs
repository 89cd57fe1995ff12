//! T07 and T15: the side of the management system.

use std::time::Duration;

use chargewarden_ocpp::Version;
use chargewarden_proxy::Secret;
use chargewarden_testkit::Csms;
use chargewarden_testkit::csms::Manner;
use http::Uri;

use super::scene::{GENUINE, IMPOSTORS, Scene, comes_in, comes_in_soon};
use super::trial::Trial;
use crate::command::doctor::bypass::{Target, Verdict, judge};

/// How long each step of an attempt may take.
const WAIT: Duration = Duration::from_secs(3);
/// A password that only the service has.
const SERVICE: &str = "only the service knows this one";

/// T07.
pub(super) async fn impostors(scene: &Scene, trial: &mut Trial) {
    for (number, system) in IMPOSTORS.zip(&scene.systems) {
        let station = trial.station(number);
        for version in Version::ALL {
            let dial = scene.dial(&station, version).source(trial.address(1));
            let through = comes_in(&dial).await || !system.requests().is_empty();
            trial.tried("another certificate than the pinned", version, &station, through);
        }
    }
    let station = trial.station(GENUINE);
    let dial = scene.dial(&station, Version::V201).source(trial.address(1));
    trial.worked("the genuine one", Version::V201, &station, comes_in_soon(&dial).await);
}

/// T15: what the probe of `doctor` says of management systems that strangers reach, and of one that they do not.
pub(super) async fn bypassed(trial: &mut Trial) -> anyhow::Result<()> {
    let version = Version::V16;
    let open = Csms::start().await?;
    trial.tried("open to everybody, and not noticed", version, "open", found(&open.url(), None).await? == 0);
    let any_password = Manner { admit: Box::new(|_, basic| basic.is_some()), ..Manner::default() };
    let half = Csms::with(any_password).await?;
    trial.tried(
        "open to any password, and not noticed",
        version,
        "half",
        found(&half.url(), None).await? == 0,
    );
    let by_name = Manner { admit: Box::new(|station, _| station == "CS-1"), ..Manner::default() };
    let named = Csms::with(by_name).await?;
    let missed = found(&named.url(), Some("CS-1")).await? == 0;
    trial.tried("open to a station's own id, and not noticed", version, "named", missed);
    let service = Manner {
        admit: Box::new(|_, basic| basic.is_some_and(|basic| basic.password == SERVICE)),
        ..Manner::default()
    };
    let closed = Csms::with(service).await?;
    trial.worked(
        "open to the service alone",
        version,
        "closed",
        found(&closed.url(), Some("CS-1")).await? == 0,
    );
    Ok(())
}

/// How many ways in the probe finds.
async fn found(url: &str, station: Option<&str>) -> anyhow::Result<usize> {
    let url: Uri = url.parse()?;
    let nonsense = Secret::new(b"a password that nobody has".to_vec());
    let target = Target {
        url: &url,
        tls: None,
        credentials: None,
        station,
        identity: None,
        old: None,
        canary: "drill-canary",
        nonsense: &nonsense,
    };
    let mut ways = 0;
    for attempt in target.attempts() {
        let seen = attempt.probe.run(WAIT).await;
        ways += usize::from(matches!(judge("drill", &attempt, &seen.outcome), Verdict::Found(_)));
    }
    Ok(ways)
}
