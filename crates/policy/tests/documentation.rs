//! What `docs/policy.md` shows is true.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod scene;

use std::sync::Arc;

use chargewarden_policy::effect::{InstallFirmware, Repoint, StopCharging, Url};
use chargewarden_policy::{Bundle, BundleSource, Policies, Subject};
use scene::{about, command, said};

const GUIDE: &str = include_str!("../../../docs/policy.md");

/// The blocks of the guide in that language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    GUIDE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn bundle(cedar: &str) -> Arc<Bundle> {
    let toml = blocks("toml");
    let files = [("bundle.toml", toml[0]), ("lists.toml", toml[1]), ("rules.cedar", cedar)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let source = BundleSource { party: "cso".parse().unwrap(), files };
    Arc::new(Bundle::compile(&source).unwrap_or_else(|problems| panic!("{problems}")))
}

#[test]
fn every_policy_shown_compiles() {
    let shown = blocks("cedar");
    assert_eq!(shown.len(), 2);
    for cedar in shown {
        bundle(cedar);
    }
}

#[test]
fn the_worked_example_works() {
    let policies = Policies::new(vec![bundle(blocks("cedar")[1])]);
    let firmware = InstallFirmware {
        url: Url::default(),
        signed: true,
        signer: String::new(),
        retrieve_at: None,
        install_at: None,
    };
    let repoint =
        Repoint { url: None, slot: None, security_profile: None, means: "priority", key: String::new() };
    let ask = |party: &str, effect| {
        let mut about = about();
        about.csms_party = party.parse().unwrap();
        said(&policies.decide(&Subject::new(about, &policies), &command(), &[effect]))
    };
    assert_eq!(
        ask("cnp", StopCharging { transaction: String::new() }.into()),
        "forward\n  cso/ordinary stop-charging permitted"
    );
    assert!(ask("cnp", firmware.clone().into()).starts_with("refuse not-permitted\n"));
    assert!(ask("cso", firmware.into()).starts_with("hold cso:2\n"));
    assert!(ask("cso", repoint.into()).starts_with("refuse not-permitted\n"));
}
