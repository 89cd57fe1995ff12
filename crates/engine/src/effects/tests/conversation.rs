//! A conversation in which everything is said at least once, with the effects of each message.
//!
//! The files hold one message a line, `version side Action {payload}`, an answer behind ` => `,
//! and below it, indented, its effects. `2.x` is 2.0.1 and 2.1, which must agree.
//! `UPDATE_EXPECT=1 cargo test -p chargewarden-engine` writes the effects anew: read the diff.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use chargewarden_ocpp::{Action, Side, Version};

use super::{effects, told};

const FILES: [&str; 5] = ["commands.txt", "reports.txt", "answers.txt", "outcomes.txt", "attacks.txt"];

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/effects/tests").join(file)
}

fn lines(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap()
}

/// The message in each version that a line names.
fn versions(line: &str) -> Vec<String> {
    match line.strip_prefix("2.x ") {
        Some(rest) => vec![format!("2.0.1 {rest}"), format!("2.1 {rest}")],
        None => vec![line.to_owned()],
    }
}

fn retold(text: &str) -> String {
    let mut page = String::new();
    for line in text.lines().filter(|line| !line.starts_with("  ")) {
        page.push_str(line);
        page.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let all: Vec<_> = versions(line).iter().map(|line| told(&effects(line))).collect();
        assert!(all.iter().all(|one| *one == all[0]), "{line}: the versions differ\n{}", all.join("\n--\n"));
        for effect in all[0].lines() {
            writeln!(page, "  {effect}").unwrap();
        }
    }
    page
}

#[test]
fn everything_has_the_effects_that_are_written_down() {
    for file in FILES {
        let found = lines(file);
        let expected = retold(&found);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path(file), &expected).unwrap();
            continue;
        }
        for (one, other) in found.lines().zip(expected.lines()) {
            assert_eq!(one, other, "{file}");
        }
        assert_eq!(found.len(), expected.len(), "{file}");
    }
}

#[test]
fn everything_is_said() {
    let mut said = BTreeSet::new();
    for file in FILES {
        for line in lines(file).lines().filter(|line| !line.starts_with([' ', '#']) && !line.is_empty()) {
            for line in versions(line) {
                let words: Vec<_> = line.splitn(4, ' ').collect();
                said.insert((
                    words[0].to_owned(),
                    words[1].to_owned(),
                    words[2].to_owned(),
                    line.contains(" => "),
                ));
            }
        }
    }
    let mut unsaid = Vec::new();
    for version in Version::ALL {
        for action in Action::ALL {
            let Some(spec) = action.spec(version) else { continue };
            for side in [Side::Station, Side::Csms].into_iter().filter(|side| spec.sender.includes(*side)) {
                let answers = if spec.response.is_some() { &[false, true][..] } else { &[false] };
                for answer in answers {
                    let name = action.name().to_owned();
                    let key = (version.to_string(), side.to_string(), name, *answer);
                    if !said.contains(&key) {
                        unsaid.push(format!("{key:?}"));
                    }
                }
            }
        }
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}
