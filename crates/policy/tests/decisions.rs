//! Bundles and messages in, rulings out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod scene;

use chargewarden_policy::effect::{
    Acknowledge, Effect, EffectKind, Heartbeat, Restart, SetClock, StopCharging, Unknown,
};
use chargewarden_policy::{BundleSource, Policies, ReasonCode, Subject, Verdict};
use scene::{about, bundle, command, report, said};

const EVERYTHING: &str = r#"@id("everything") permit (principal, action, resource);"#;

fn restart() -> Effect {
    Restart { evse: None, immediate: true }.into()
}

fn stop() -> Effect {
    StopCharging { transaction: "17".to_owned() }.into()
}

/// What `bundles` (party, policies) say to a command with these effects.
fn ask(bundles: &[(&str, &str)], effects: &[Effect]) -> String {
    let policies = Policies::new(bundles.iter().map(|(party, cedar)| bundle(party, cedar)).collect());
    let subject = Subject::new(about(), &policies);
    said(&policies.decide(&subject, &command(), effects))
}

#[test]
fn nothing_is_permitted_by_nobody() {
    assert_eq!(
        ask(&[], &[restart()]),
        "refuse no-policy\n  undecidable: no party has policies in force for this station"
    );
    assert_eq!(
        ask(&[("cso", "")], &[restart()]),
        "refuse not-permitted\n  cso restart not-permitted: no policy of `cso` permits it"
    );
    assert_eq!(
        ask(&[("cso", EVERYTHING)], &[]),
        "refuse unknown-effect\n  undecidable: it is not known what the message would do"
    );
}

#[test]
fn every_effect_must_be_permitted() {
    let only_stop = r#"@id("stop") permit (principal is Csms, action == Action::"stop-charging", resource);"#;
    assert_eq!(ask(&[("cso", only_stop)], &[stop()]), "forward\n  cso/stop stop-charging permitted");
    assert_eq!(
        ask(&[("cso", only_stop)], &[stop(), restart()]),
        "refuse not-permitted\n  cso/stop stop-charging permitted\n  cso restart not-permitted: no policy of `cso` permits it"
    );
}

#[test]
fn every_party_must_permit() {
    let no = r#"
        @id("never") @reason("restarts are for the operator") @alert("high") @quarantine
        forbid (principal, action in Action::"disruptive", resource);"#;
    assert_eq!(
        ask(&[("cnp", EVERYTHING), ("cso", &format!("{EVERYTHING}{no}"))], &[restart()]),
        "refuse policy-denied (alert high, quarantine)\n  cnp/everything restart permitted\n  \
         cso/never restart forbidden: restarts are for the operator"
    );
    assert_eq!(
        ask(&[("cnp", EVERYTHING), ("cso", &format!("{EVERYTHING}{no}"))], &[stop()]),
        "forward\n  cnp/everything stop-charging permitted\n  cso/everything stop-charging permitted"
    );
}

#[test]
fn a_hold_needs_a_permit_beneath_it() {
    let hold = |id: &str, who: &str| {
        format!(
            r#"@id("{id}") @reason("ask first") @hold("{who}") forbid (principal, action == Action::"restart", resource);"#
        )
    };
    let cso = format!("{EVERYTHING}{}", hold("ask", "cso:1"));
    assert_eq!(ask(&[("cso", &cso)], &[restart()]), "hold cso:1\n  cso/ask restart held [cso:1]: ask first");
    assert_eq!(
        ask(&[("cso", &hold("ask", "cso:1"))], &[restart()]),
        "refuse not-permitted\n  cso restart not-permitted: no policy of `cso` permits it\n  \
         cso/ask restart held [cso:1]: ask first"
    );
    // Holds of several policies and parties unite, the larger number counts.
    let two = format!("{cso}{}", hold("ask-two", "cso:2"));
    let cnp = format!("{EVERYTHING}{}", hold("ask", "cnp:1,cso:1"));
    assert_eq!(
        ask(&[("cso", &two), ("cnp", &cnp)], &[restart()]),
        "hold cnp:1,cso:2\n  cso/ask restart held [cso:1]: ask first\n  cso/ask-two restart held [cso:2]: ask first\n  \
         cnp/ask restart held [cnp:1,cso:1]: ask first"
    );
    // A refusal anywhere beats it.
    let never = format!(
        r#"{cso} @id("never") @reason("no") forbid (principal, action, resource) when {{ context.message.bytes > 0 }};"#
    );
    assert_eq!(
        ask(&[("cso", &never)], &[restart()]),
        "refuse policy-denied\n  cso/ask restart held [cso:1]: ask first\n  cso/never restart forbidden: no"
    );
}

#[test]
fn a_policy_that_fails_refuses() {
    let overflow = r#"@id("broken") @reason("x") forbid (principal, action == Action::"set-clock", resource)
        when { context.skew_s * 9223372036854775807 > 0 };"#;
    let bundles: &[_] = &[("cso", &*format!("{EVERYTHING}{overflow}"))];
    assert_eq!(
        ask(bundles, &[SetClock { skew_s: 0 }.into()]),
        "forward\n  cso/everything set-clock permitted"
    );
    assert_eq!(
        ask(bundles, &[SetClock { skew_s: 2 }.into()]),
        "refuse policy-error\n  cso/broken set-clock failed: the policy could not be evaluated"
    );
}

#[test]
fn the_unknown_is_permitted_by_name_only() {
    let unknown: Effect = Unknown { action: "Teleport".to_owned() }.into();
    let refused = "refuse not-permitted\n  cso unknown-effect not-permitted: no policy of `cso` permits it";
    assert_eq!(ask(&[("cso", EVERYTHING)], std::slice::from_ref(&unknown)), refused);
    let by_condition =
        r#"@id("sly") permit (principal, action, resource) when { action == Action::"unknown-effect" };"#;
    assert_eq!(ask(&[("cso", by_condition)], std::slice::from_ref(&unknown)), refused);
    let by_name = r#"@id("brave") permit (principal, action == Action::"unknown-effect", resource)
        when { context.action == "Teleport" };"#;
    assert_eq!(ask(&[("cso", by_name)], &[unknown]), "forward\n  cso/brave unknown-effect permitted");
}

#[test]
fn policies_see_who_and_where() {
    let cedar = r#"
        @id("ours") permit (principal in Party::"cnp", action in Action::"energy", resource in Group::"public")
            when { resource.version == "2.0.1" && resource has model && resource.model like "DC*" };
        @id("there") permit (principal, action == Action::"restart", resource is Station in Site::"depot");"#;
    assert_eq!(ask(&[("cso", cedar)], &[stop()]), "forward\n  cso/ours stop-charging permitted");
    assert!(ask(&[("cso", cedar)], &[restart()]).starts_with("refuse not-permitted"));

    let policies = Policies::new(vec![bundle("cso", cedar)]);
    let mut there = about();
    there.site = Some("depot".to_owned());
    there.facts.model = None;
    let subject = Subject::new(there, &policies);
    assert_eq!(policies.decide(&subject, &command(), &[restart()]).verdict, Verdict::Forward);
    assert_eq!(
        policies.decide(&subject, &command(), &[stop()]).verdict,
        Verdict::Refuse(ReasonCode::NotPermitted)
    );
}

#[test]
fn a_subject_of_other_policies_is_decided_by_the_new_ones() {
    let before = Policies::new(vec![bundle("cso", EVERYTHING)]);
    let subject = Subject::new(about(), &before);
    let after = Policies::new(vec![bundle("cso", "")]);
    assert!(!subject.is_for(&after));
    assert_eq!(before.decide(&subject, &command(), &[restart()]).verdict, Verdict::Forward);
    assert_eq!(
        after.decide(&subject, &command(), &[restart()]).verdict,
        Verdict::Refuse(ReasonCode::NotPermitted)
    );
}

#[test]
fn only_a_station_reports_and_only_a_csms_commands() {
    let policies = Policies::new(vec![bundle("cso", EVERYTHING)]);
    let subject = Subject::new(about(), &policies);
    let verdict =
        |circumstances, effect: Effect| policies.decide(&subject, &circumstances, &[effect]).verdict;
    assert_eq!(verdict(report(), Heartbeat {}.into()), Verdict::Forward);
    assert_eq!(verdict(command(), Acknowledge {}.into()), Verdict::Forward);
    assert_eq!(verdict(report(), restart()), Verdict::Refuse(ReasonCode::UnknownEffect));
    assert_eq!(verdict(command(), Heartbeat {}.into()), Verdict::Refuse(ReasonCode::UnknownEffect));
}

#[test]
fn conditions_on_the_action_are_settled() {
    let cedar = r#"
        @id("most") permit (principal, action, resource) unless { action in [Action::"disruptive", Action::"trust"] };
        @id("reports") permit (principal is Station, action in Action::"report", resource);"#;
    assert_eq!(ask(&[("cso", cedar)], &[stop()]), "forward\n  cso/most stop-charging permitted");
    assert!(ask(&[("cso", cedar)], &[restart()]).starts_with("refuse not-permitted"));
}

#[test]
fn lower_security_is_refused_in_the_standards_words() {
    let policies = Policies::new(vec![bundle("cso", "")]);
    let subject = Subject::new(about(), &policies);
    let effect = chargewarden_policy::effect::LowerSecurity { security_profile: Some(1), key: String::new() };
    assert_eq!(policies.decide(&subject, &command(), &[effect.into()]).status(), "NoSecurityDowngrade");
}

/// What is wrong with a bundle of one file.
fn problems(cedar: &str) -> String {
    let manifest = "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n";
    let lists = "[firmware-hosts]\nmembers = [\"firmware.example.com\"]\n";
    let files = [("bundle.toml", manifest), ("lists.toml", lists), ("rules.cedar", cedar)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let source = BundleSource { party: "cso".parse().unwrap(), files };
    chargewarden_policy::Bundle::compile(&source).unwrap_err().to_string()
}

#[test]
fn all_problems_are_told_at_once() {
    let told = problems(
        r#"@id("a") permit (principal, action == Action::"restrat", resource);
@id("a") permit (principal is Csms, action == Action::"install-firmware", resource) when { context.url.hots == "x" };
forbid (principal, action, resource);
@id("b") @reason(" ") @hodl("cso:1") @alert("hihg") forbid (principal, action, resource);
@id("c") @hold("cso") permit (principal, action, resource);
@id("d") permit (principal, action resource);
@id("e") permit (principal, action in Action::"software", resource) when { context.speed > 3 };
@id("f") permit (principal is Csms, action == Action::"set-power", resource) when { context.lowest_w > 3 };
@id("g") permit (principal is Csms, action == Action::"install-firmware", resource)
  when { List::"firmware-host".members.contains(context.url.host) };
@id("h") permit (principal is Station, action == Action::"restart", resource);
@id("i") permit (principal, action == Action::"energy", resource);
@id("j") permit (principal, action, resource) when { [action].contains(Action::"restart") && action in principal };
@id("k") permit (principal == ?principal, action, resource);
@id("l") permit (principal is Csms, action == Action::"vendor-data", resource) when { resource.booted };
@id("m"
"#,
    );
    insta::assert_snapshot!(told);
}

#[test]
fn tests_of_the_action_are_written_out() {
    let told = problems(
        r#"@id("a") permit (principal is Csms, action == Action::"restart", resource)
        when { action in (if context.immediate then Action::"trust" else Action::"disruptive") };"#,
    );
    assert_eq!(
        told,
        "bundle of `cso`: 1 problem\n  rules.cedar:1:1: `action in` needs its effects or groups written out"
    );
}

#[test]
fn all_files_are_looked_at() {
    let files = [
        ("bundle.toml", "party = \"cnp\"\nname = \"\"\nversion = \"1\"\ncolour = \"red\"\n"),
        ("list.toml", ""),
        (
            "lists.toml",
            "[a-hosts]\nmembers = [\"https://a.example.com\", \"B.example.com\"]\n[B]\nmembers = [\"\"]\n",
        ),
        ("evil.sh", ""),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let source = BundleSource { party: "cso".parse().unwrap(), files };
    insta::assert_snapshot!(chargewarden_policy::Bundle::compile(&source).unwrap_err());
}

#[test]
fn every_effect_has_an_opinion_from_each_side() {
    let policies = Policies::new(vec![bundle("cso", EVERYTHING)]);
    for &kind in EffectKind::ALL {
        for (circumstances, can) in [(command(), kind.source().csms()), (report(), kind.source().station())] {
            assert_eq!(policies.bundles()[0].knows(kind, circumstances.from), can, "{kind}");
        }
    }
}
