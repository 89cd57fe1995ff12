//! `cargo xtask test`: everything that CI holds, in the order in which it fails fastest.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

/// What to leave out. CI leaves out nothing.
#[derive(Args)]
pub(crate) struct Test {
    /// Leave out what needs Python, Node.js or the network: only cargo's own checks and tests.
    #[arg(long)]
    quick: bool,
    /// Run only these stages, by name.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// One stage of the test command.
struct Stage {
    name: &'static str,
    /// Needs third-party peers, installed below `target/peers`.
    peers: bool,
    run: fn(&Workshop) -> Result<()>,
}

const STAGES: &[Stage] = &[
    Stage { name: "format", peers: false, run: |shop| shop.cargo(&["fmt", "--all", "--check"]) },
    Stage { name: "check", peers: false, run: |_| super::check::run() },
    Stage {
        name: "lint",
        peers: false,
        run: |shop| {
            shop.cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])
        },
    },
    Stage {
        name: "build",
        peers: false,
        run: |shop| shop.cargo(&["build", "--workspace", "--all-targets", "--quiet"]),
    },
    Stage { name: "unit", peers: false, run: |shop| shop.cargo(&["test", "--workspace", "--no-fail-fast"]) },
    Stage { name: "demo", peers: false, run: |shop| shop.cargo(&["run", "--quiet", "--", "demo", "--once"]) },
    Stage { name: "agreement", peers: true, run: agreement },
    Stage { name: "peers", peers: true, run: peers },
    Stage { name: "rotation", peers: true, run: rotation },
];

impl Test {
    /// Runs the stages and stops at the first that fails.
    pub(crate) fn run(self) -> Result<()> {
        if let Some(unknown) = self.only.iter().find(|name| !STAGES.iter().any(|stage| stage.name == *name)) {
            let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
            bail!("no stage `{unknown}`; there are {}", known.join(", "));
        }
        ensure!(
            !(self.quick && std::env::var_os("CI").is_some()),
            "`--quick` skips tests, which CI must not"
        );
        let shop = Workshop::open()?;
        let mut times = Vec::new();
        for stage in STAGES {
            if !self.only.is_empty() && !self.only.iter().any(|name| name == stage.name) {
                continue;
            }
            if self.quick && stage.peers {
                println!(
                    "SKIPPED {}: --quick was given, nothing was tested against third-party peers",
                    stage.name
                );
                continue;
            }
            println!("==> {}", stage.name);
            let start = Instant::now();
            (stage.run)(&shop).with_context(|| format!("stage `{}`", stage.name))?;
            times.push(format!("{} {} s", stage.name, start.elapsed().as_secs()));
        }
        println!("test: all stages hold ({})", times.join(", "));
        Ok(())
    }
}

/// Where the tests find the repository, its binaries and the third-party peers.
struct Workshop {
    root: PathBuf,
    target: PathBuf,
}

impl Workshop {
    fn open() -> Result<Self> {
        let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        self.run(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(arguments))
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        let status = command
            .current_dir(&self.root)
            .status()
            .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        ensure!(status.success(), "`{}` failed: {status}", command.get_program().display());
        Ok(())
    }

    /// A Python with the pinned packages, in an environment of its own.
    fn python(&self) -> Result<PathBuf> {
        let environment = self.target.join("peers/python");
        let python = environment.join("bin/python");
        let pins = self.root.join("tests/peers/python/requirements.txt");
        self.once(&environment, &pins, || {
            self.run(Command::new("python3").arg("-m").arg("venv").arg("--clear").arg(&environment))
                .context("python3 with the module venv is needed (Debian: python3-venv)")?;
            self.run(
                Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&pins),
            )
        })?;
        Ok(python)
    }

    /// A folder with the pinned npm packages.
    fn node(&self) -> Result<PathBuf> {
        let environment = self.target.join("peers/node");
        let pins = self.root.join("tests/peers/node/package-lock.json");
        self.once(&environment, &pins, || {
            std::fs::create_dir_all(&environment)?;
            for name in ["package.json", "package-lock.json"] {
                std::fs::copy(self.root.join("tests/peers/node").join(name), environment.join(name))?;
            }
            self.run(
                Command::new("npm")
                    .args(["ci", "--no-audit", "--no-fund", "--silent", "--prefix"])
                    .arg(&environment),
            )
            .context("node 20 or newer with npm is needed (Debian: nodejs npm)")
        })?;
        Ok(environment)
    }

    /// Runs `install` unless it has run for these very pins.
    fn once(&self, environment: &Path, pins: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
        let stamp = environment.join("pins.stamp");
        let wanted = std::fs::read(pins).with_context(|| pins.display().to_string())?;
        if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        install()?;
        std::fs::write(stamp, wanted)?;
        Ok(())
    }
}

fn agreement(shop: &Workshop) -> Result<()> {
    let python = shop.python()?;
    let judge = shop.target.join("debug/examples/judge");
    shop.run(Command::new(python).arg("tests/agreement/agreement.py").arg("--judge").arg(judge))
}

fn peers(shop: &Workshop) -> Result<()> {
    let python = shop.python()?;
    let node = shop.node()?;
    shop.run(
        Command::new(python)
            .arg("tests/peers/run.py")
            .arg("--gateway")
            .arg(shop.binary("chargewarden"))
            .env("NODE_PATH", node.join("node_modules")),
    )
}

fn rotation(shop: &Workshop) -> Result<()> {
    let python = shop.python()?;
    shop.run(
        Command::new(python).arg("tests/peers/rotation.py").arg("--gateway").arg(shop.binary("chargewarden")),
    )
}
