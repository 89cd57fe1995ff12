//! What is printed: for people, grouped by question and worst first; for programs, JSON that stays as it is.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::finding::{Code, Finding, Section, Severity};
use crate::Exit;

/// One attempt and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probed {
    /// The CSMS, by name.
    pub(crate) csms: String,
    /// Where.
    pub(crate) url: String,
    /// What was tried.
    pub(crate) attempt: String,
    /// What came of it when nothing is wrong.
    pub(crate) closed: Option<String>,
    /// The code of the finding when something is.
    pub(crate) code: Option<Code>,
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    pub(crate) probes: Vec<Probed>,
}

impl Report {
    /// Takes findings over.
    pub(crate) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// How the command ends. That a CSMS could not be reached is a finding like others, unless nothing else was found and
    /// none could be: then the question was not answered.
    pub(crate) fn exit(&self) -> Exit {
        let unreachable = |finding: &&Finding| finding.code == Code::CsmsUnreachable;
        let mut serious =
            self.findings.iter().filter(|finding| finding.code.severity() > Severity::Notice).peekable();
        if serious.peek().is_none() {
            return Exit::Ok;
        }
        let untested = self.probes.iter().all(|probe| probe.code == Some(Code::CsmsUnreachable));
        let others = self
            .findings
            .iter()
            .any(|finding| finding.code.severity() > Severity::Notice && !unreachable(&finding));
        if others || !untested { Exit::Finding } else { Exit::Unavailable }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.code.severity() == severity).count()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for section in Section::ALL {
            self.section(section, &mut text);
        }
        let (critical, warnings, notices) =
            (self.count(Severity::Critical), self.count(Severity::Warning), self.count(Severity::Notice));
        let _ = write!(text, "{critical} critical, {warnings} warning(s), {notices} notice(s)");
        text
    }

    fn section(&self, section: Section, text: &mut String) {
        let mut findings: Vec<_> =
            self.findings.iter().filter(|finding| finding.code.section() == section).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.code.severity()));
        let closed: Vec<_> = match section {
            Section::Bypass => self.probes.iter().collect(),
            Section::Certificates
            | Section::Clock
            | Section::Exposure
            | Section::Files
            | Section::Settings => Vec::new(),
        };
        let _ = writeln!(text, "{}", section.heading());
        if findings.is_empty() && closed.is_empty() {
            let _ = writeln!(text, "  nothing found");
        }
        for finding in findings {
            let Finding { code, what, place, remedy } = finding;
            let _ = writeln!(text, "  {:<8}  {}  [{place}]", code.severity().word(), code.code());
            let _ = writeln!(text, "            {what}");
            let _ = writeln!(text, "            -> {remedy}");
        }
        for probe in closed {
            if let Some(how) = &probe.closed {
                let _ = writeln!(text, "  closed    {}: {}: {how}", probe.csms, probe.attempt);
            }
        }
        text.push('\n');
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "severity": finding.code.severity(), "section": finding.code.section(),
                    "code": finding.code.code(), "what": finding.what, "where": finding.place,
                    "remedy": finding.remedy,
                })
            })
            .collect();
        let probes: Vec<_> = self
            .probes
            .iter()
            .map(|probe| {
                json!({
                    "csms": probe.csms, "url": probe.url, "attempt": probe.attempt,
                    "closed": probe.closed.is_some(), "how": probe.closed, "code": probe.code.map(Code::code),
                })
            })
            .collect();
        json!({
            "findings": findings, "probes": probes,
            "summary": {
                "critical": self.count(Severity::Critical), "warning": self.count(Severity::Warning),
                "notice": self.count(Severity::Notice),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(codes: &[Code], probes: &[Option<Code>]) -> Report {
        Report {
            findings: codes.iter().map(|code| Finding::new(*code, "here", "it is", "do it")).collect(),
            probes: probes
                .iter()
                .map(|code| Probed {
                    csms: "main".to_owned(),
                    url: "wss://csms.example/ocpp".to_owned(),
                    attempt: "an id nobody has, no credentials".to_owned(),
                    closed: code.is_none().then(|| "refused with 401".to_owned()),
                    code: *code,
                })
                .collect(),
        }
    }

    #[test]
    fn exits() {
        let away = Code::CsmsUnreachable;
        for (codes, probes, expected) in [
            (&[][..], &[None][..], Exit::Ok),
            (&[Code::Vantage], &[None], Exit::Ok),
            (&[Code::BypassOpen], &[Some(Code::BypassOpen)], Exit::Finding),
            (&[away], &[Some(away)], Exit::Unavailable),
            (&[away], &[Some(away), None], Exit::Finding),
            (&[away, Code::DangerSetting], &[Some(away)], Exit::Finding),
        ] {
            assert_eq!(report(codes, probes).exit(), expected, "{codes:?}");
        }
    }

    #[test]
    fn text_is_grouped_and_worst_first() {
        let report = report(&[Code::Vantage, Code::BypassOpen, Code::ClockSkew], &[None]);
        let expected = "\
Can a management system be reached around the service?
  CRITICAL  bypass-open  [here]
            it is
            -> do it
  notice    vantage  [here]
            it is
            -> do it
  closed    main: an id nobody has, no credentials: refused with 401

Certificates, anchors, revocation lists
  nothing found

Clocks
  WARNING   clock-skew  [here]
            it is
            -> do it

Who can reach and read what
  nothing found

Files
  nothing found

Settings and stations
  nothing found

1 critical, 1 warning(s), 1 notice(s)";
        assert_eq!(report.text(), expected);
    }
}
