//! Child processes, what they cost, and where they run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long a process asked to end may take before it is killed.
const END_WAIT: Duration = Duration::from_secs(5);

/// Which cores the two halves of the bench run on.
#[derive(Clone, Copy)]
pub(super) struct Cores {
    pinned: bool,
}

/// The two halves of the bench.
#[derive(Clone, Copy)]
pub(super) enum Half {
    /// Stations and management system, on core 0.
    Load,
    /// What is measured, on core 1.
    Leg,
}

impl Cores {
    /// Gives each half a core of its own where that is possible, and says so where it is not.
    pub(super) fn divide() -> (Cores, Vec<String>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let taskset = Command::new("taskset").arg("--version").output();
        let pinned = cores >= 2 && taskset.is_ok_and(|output| output.status.success());
        let note = "not pinned: two cores and `taskset` (Debian: util-linux) are needed";
        (Cores { pinned }, if pinned { Vec::new() } else { vec![note.to_owned()] })
    }

    /// A command that will run on the cores of its half.
    pub(super) fn command(self, half: Half, program: &Path) -> Command {
        if !self.pinned {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(match half {
            Half::Load => "0",
            Half::Leg => "1",
        });
        command.arg(program);
        command
    }
}

/// A running process that ends when this is dropped.
pub(super) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a command whose standard input and output are ours; errors go where ours go.
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Process> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Process { name: name.to_owned(), input: child.stdin.take(), output, child })
    }

    /// The next line it prints.
    pub(super) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let output = self.output.as_mut().context("no output")?;
        let length = output.read_line(&mut line)?;
        ensure!(length > 0, "{} ended unexpectedly", self.name);
        Ok(line.trim_end().to_owned())
    }

    /// Tells it one line.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("no input")?;
        writeln!(input, "{line}").with_context(|| format!("{} does not listen", self.name))
    }

    /// Fails when it has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended: {status}", self.name),
            None => Ok(()),
        }
    }

    /// CPU time that all threads of it and its descendants have had.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for process in self.tree()? {
            for thread in fs::read_dir(format!("/proc/{process}/task"))? {
                // Time on a core, time waiting for one, slices (proc(5)).
                let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
                let on_core = schedstat.split(' ').next().unwrap_or_default();
                nanoseconds += on_core.parse::<u64>().context("schedstat")?;
            }
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Memory of it and its descendants, shared pages counted by share (PSS), in KiB.
    pub(super) fn memory_kib(&self) -> Result<u64> {
        let mut sum = 0;
        for process in self.tree()? {
            let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
            let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let pss = pss.and_then(|rest| rest.trim().strip_suffix(" kB")).context("smaps_rollup")?;
            sum += pss.trim().parse::<u64>()?;
        }
        Ok(sum)
    }

    /// Its process id and those of its descendants.
    fn tree(&self) -> Result<BTreeSet<u32>> {
        let mut tree = BTreeSet::from([self.child.id()]);
        let parents = parents()?;
        loop {
            let more: Vec<u32> = parents
                .iter()
                .filter(|(child, parent)| tree.contains(parent) && !tree.contains(child))
                .map(|(child, _)| *child)
                .collect();
            if more.is_empty() {
                return Ok(tree);
            }
            tree.extend(more);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Our own helpers end with their standard input, proxies on SIGTERM.
        drop(self.input.take());
        let pid = self.child.id().to_string();
        let _asked = Command::new("kill").arg(pid).stderr(Stdio::null()).status();
        let begun = Instant::now();
        while begun.elapsed() < END_WAIT {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Ended meanwhile is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every process and its parent.
fn parents() -> Result<Vec<(u32, u32)>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        // Gone since it was listed.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { continue };
        // The name in parentheses may contain anything; after it come the state and the parent.
        let after = stat.rsplit(')').next().unwrap_or_default();
        if let Some(Ok(parent)) = after.split_whitespace().nth(1).map(str::parse) {
            parents.push((process, parent));
        }
    }
    Ok(parents)
}

/// Raises the soft limit on open files for the processes started from now on, as far as the hard
/// limit allows; returns what to note when that is not far enough.
pub(super) fn allow_files(wanted: usize) -> Result<Option<String>> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let mut numbers = line.context("no limit on open files")?.split_whitespace();
    let mut limit = || match numbers.next() {
        Some("unlimited") => Ok(usize::MAX),
        number => number.unwrap_or_default().parse::<usize>(),
    };
    let (soft, hard) = (limit()?, limit()?);
    if soft >= wanted {
        return Ok(None);
    }
    let raised = wanted.min(hard);
    let me = std::process::id().to_string();
    let status = Command::new("prlimit").args(["--pid", &me, &format!("--nofile={raised}:{hard}")]).status();
    ensure!(
        status.is_ok_and(|status| status.success()),
        "cannot raise the limit on open files from {soft} to {raised}: `prlimit` (Debian: util-linux) is needed"
    );
    Ok((hard < wanted).then(|| {
        format!("only {hard} files may be open, {wanted} are needed: raise the hard limit or lower --idle")
    }))
}
