//! `cargo xtask check`: what the compiler does not hold by itself.
//!
//! The directions between crates, the rules of `deny.toml` that need no network, and what must
//! never stand in the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use serde_json::Value;

/// One of our crates: what it may use of ours, and whether it must stay pure.
struct Rule {
    name: &'static str,
    ours: &'static [&'static str],
    pure: bool,
}

/// The directions of ARCHITECTURE.md. A crate that is not listed is a finding.
const RULES: &[Rule] = &[
    Rule { name: "chargewarden-ocpp", ours: &[], pure: true },
    Rule { name: "chargewarden-evidence", ours: &[], pure: true },
    Rule { name: "chargewarden-policy", ours: &["chargewarden-ocpp"], pure: true },
    Rule {
        name: "chargewarden-engine",
        ours: &["chargewarden-ocpp", "chargewarden-evidence", "chargewarden-policy"],
        pure: true,
    },
    Rule { name: "chargewarden-store", ours: &["chargewarden-evidence"], pure: false },
    Rule {
        name: "chargewarden-proxy",
        ours: &[
            "chargewarden-ocpp",
            "chargewarden-policy",
            "chargewarden-engine",
            "chargewarden-evidence",
            "chargewarden-store",
        ],
        pure: false,
    },
    // Never `proxy`: what people administer and what stations talk to meet in the binary only.
    Rule {
        name: "chargewarden-admin",
        ours: &[
            "chargewarden-ocpp",
            "chargewarden-policy",
            "chargewarden-engine",
            "chargewarden-evidence",
            "chargewarden-store",
        ],
        pure: false,
    },
    Rule { name: "chargewarden-testkit", ours: &["chargewarden-ocpp"], pure: false },
    Rule {
        name: "chargewarden-drill",
        ours: &[
            "chargewarden-ocpp",
            "chargewarden-evidence",
            "chargewarden-policy",
            "chargewarden-engine",
            "chargewarden-testkit",
        ],
        pure: false,
    },
    Rule {
        name: "chargewarden",
        ours: &[
            "chargewarden-ocpp",
            "chargewarden-policy",
            "chargewarden-engine",
            "chargewarden-evidence",
            "chargewarden-store",
            "chargewarden-proxy",
            "chargewarden-admin",
            "chargewarden-testkit",
            "chargewarden-drill",
        ],
        pure: false,
    },
    Rule { name: "xtask", ours: &[], pure: false },
];

/// What no pure crate may reach, however indirectly: sockets, runtimes, databases.
const IMPURE: &[&str] =
    &["tokio", "mio", "socket2", "hyper", "rusqlite", "libsqlite3-sys", "async-std", "smol"];

/// What no pure crate may name itself: clocks and random sources of its own.
const IMPURE_DIRECT: &[&str] = &["getrandom", "rand", "fastrand", "chrono", "time", "tracing", "metrics"];

/// Runs every check and reports all findings together.
pub(crate) fn run() -> Result<()> {
    let metadata = MetadataCommand::new().exec().context("cannot run `cargo metadata`")?;
    let deny: toml::Table =
        std::fs::read_to_string(metadata.workspace_root.join("deny.toml")).context("deny.toml")?.parse()?;
    let mut findings = Vec::new();
    directions(&metadata, &mut findings);
    licences(&metadata, &deny, &mut findings);
    bans(&metadata, &deny, &mut findings);
    repository(metadata.workspace_root.as_std_path(), &mut findings)?;
    links(metadata.workspace_root.as_std_path(), &mut findings)?;
    raised(metadata.workspace_root.as_std_path(), &mut findings)?;
    for finding in &findings {
        eprintln!("finding: {finding}");
    }
    match findings.len() {
        0 => {
            println!("check: directions, licences, bans and repository contents hold");
            Ok(())
        }
        n => bail!("{n} findings"),
    }
}

/// The catalogue of security events does not promise what nothing raises.
fn raised(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let catalogue = std::fs::read_to_string(root.join("crates/evidence/src/security/own.rs"))?;
    let mut code = String::new();
    for crate_name in ["engine", "proxy", "chargewarden"] {
        read_rust(&root.join("crates").join(crate_name).join("src"), &mut code)?;
    }
    // `    AuthFailed, Admission, false;`
    let declared = catalogue.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("    ")?.split_once(", ")?;
        let (source, _) = rest.strip_suffix(';')?.split_once(", ")?;
        name.chars().all(|c| c.is_ascii_alphanumeric()).then_some((name, source))
    });
    let mut count = 0;
    for (name, source) in declared {
        count += 1;
        let raised = code.contains(&format!("OwnEvent::{name}"));
        match (raised, source == "NothingYet") {
            (false, false) => findings.push(format!("nothing raises the security event `{name}`")),
            (true, true) => {
                findings.push(format!("the security event `{name}` is raised, and the catalogue denies it"))
            }
            (true, false) | (false, true) => {}
        }
    }
    if count == 0 {
        findings.push("the catalogue of security events cannot be read".to_owned());
    }
    Ok(())
}

/// Appends the Rust files of a folder, but for what is only for tests.
fn read_rust(folder: &Path, code: &mut String) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            read_rust(&path, code)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            code.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
    Ok(())
}

fn directions(metadata: &Metadata, findings: &mut Vec<String>) {
    let closure = closures(metadata);
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            findings.push(format!("crate `{name}` has no row in the direction table of xtask/src/check.rs"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            let other = dependency.name.as_str();
            if other.starts_with("chargewarden") && !rule.ours.contains(&other) {
                findings.push(format!("`{name}` may not depend on `{other}`"));
            }
            if rule.pure && IMPURE_DIRECT.contains(&other) {
                findings.push(format!("pure crate `{name}` may not name `{other}`: pass the fact in"));
            }
        }
        if rule.pure {
            for impure in IMPURE {
                if closure.get(&package.id).is_some_and(|reached| reached.contains(*impure)) {
                    findings.push(format!("pure crate `{name}` reaches `{impure}`"));
                }
            }
            let clippy = package.manifest_path.with_file_name("clippy.toml");
            if !clippy.exists() {
                findings.push(format!("pure crate `{name}` has no clippy.toml with its disallowed methods"));
            }
        }
    }
}

/// Names of everything each workspace crate reaches through normal and build dependencies.
fn closures(metadata: &Metadata) -> BTreeMap<PackageId, BTreeSet<String>> {
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|p| (p.id.clone(), p.name.to_string())).collect();
    let Some(resolve) = &metadata.resolve else { return BTreeMap::new() };
    let edges: BTreeMap<_, Vec<_>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
                .map(|dep| dep.pkg.clone());
            (node.id.clone(), normal.collect())
        })
        .collect();
    let mut closures = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let mut reached = BTreeSet::new();
        let mut open = vec![package.id.clone()];
        while let Some(id) = open.pop() {
            for next in edges.get(&id).into_iter().flatten() {
                if let Some(name) = names.get(next)
                    && reached.insert(name.clone())
                {
                    open.push(next.clone());
                }
            }
        }
        closures.insert(package.id.clone(), reached);
    }
    closures
}

fn licences(metadata: &Metadata, deny: &toml::Table, findings: &mut Vec<String>) {
    let allowed: Vec<&str> = deny
        .get("licenses")
        .and_then(|table| table.get("allow"))
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect();
    for package in &metadata.packages {
        let Some(licence) = &package.license else {
            findings.push(format!("`{}` states no licence", package.name));
            continue;
        };
        let expression = match spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX) {
            Ok(expression) => expression,
            Err(problem) => {
                findings.push(format!("`{}`: licence `{licence}` cannot be read: {problem}", package.name));
                continue;
            }
        };
        if !expression.evaluate(|requirement| allowed.contains(&requirement.to_string().as_str())) {
            findings.push(format!("`{}`: licence `{licence}` is not allowed by deny.toml", package.name));
        }
    }
}

fn bans(metadata: &Metadata, deny: &toml::Table, findings: &mut Vec<String>) {
    let bans = deny.get("bans").and_then(toml::Value::as_table);
    let list = |key: &str| {
        bans.and_then(|table| table.get(key)).and_then(toml::Value::as_array).cloned().unwrap_or_default()
    };
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    for ban in list("deny") {
        let banned = ban.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
        if names.values().any(|name| *name == banned) {
            findings.push(format!("`{banned}` is in the build and banned by deny.toml"));
        }
    }
    for ban in list("features") {
        let banned = ban.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
        let features: Vec<_> = ban
            .get("deny")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .collect();
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            if names.get(&node.id) == Some(&banned) {
                for feature in node.features.iter().filter(|on| features.contains(&on.as_str())) {
                    findings.push(format!("feature `{feature}` of `{banned}` is on and banned by deny.toml"));
                }
            }
        }
    }
    for package in &metadata.packages {
        if let Some(source) = &package.source
            && !source.is_crates_io()
        {
            findings.push(format!("`{}` does not come from crates.io", package.name));
        }
    }
}

/// Keys, certificates and lock files that name a host do not belong in the repository.
fn repository(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let files = files(root)?;
    let pem = ["-----BEGIN ", "PRIVATE KEY-----"]; // in two parts, so that this file is not a finding
    let certificate = ["-----BEGIN ", "CERTIFICATE-----"];
    for name in &files {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        for line in text.lines() {
            if line.starts_with(pem[0]) && line.ends_with(pem[1]) {
                findings.push(format!("{name}: a private key"));
            }
            if line.starts_with(certificate[0]) && line.ends_with(certificate[1]) {
                findings.push(format!("{name}: a certificate"));
            }
        }
        if name.ends_with("package-lock.json") {
            let lock: Value = serde_json::from_str(&text).with_context(|| name.clone())?;
            let packages = lock.get("packages").and_then(Value::as_object);
            if packages.into_iter().flatten().any(|(_, package)| package.get("resolved").is_some()) {
                findings.push(format!("{name}: names the host its packages came from (`resolved`)"));
            }
        }
    }
    Ok(())
}

/// A relative link in a page that leads nowhere.
fn links(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    for name in files(root)?.iter().filter(|name| name.ends_with(".md")) {
        let path = root.join(name);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let notation = file.starts_with(|first: char| first.is_ascii_digit()); // `[T](1..5)` in code
            let elsewhere = file.is_empty() || file.contains("://") || notation;
            if !elsewhere && !path.with_file_name(file).exists() {
                findings.push(format!("{name}: the link `{target}` leads nowhere"));
            }
        }
    }
    Ok(())
}

/// What git tracks, or would.
fn files(root: &Path) -> Result<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot run `git ls-files`")?;
    let listing = String::from_utf8(listing.stdout).context("a file name is not UTF-8")?;
    Ok(listing.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}
