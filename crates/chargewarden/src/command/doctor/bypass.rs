//! Which attempts are made at a CSMS, and what their outcomes mean.
//!
//! No attempt presents our client certificate, and none sends an OCPP frame. A CSMS in which the newest connection wins throws
//! the living session out when somebody connects with a station's id; therefore a real id is only used when it was named.

use chargewarden_proxy::{Csms, CsmsCredentials, Secret, Station, upstream::UpstreamTls};
use http::Uri;

use super::{
    finding::{Code, Finding},
    probe::{Farewell, Outcome, Probe},
};

/// What an attempt tries to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No credentials.
    NoCredentials,
    /// A password that nobody has.
    WrongPassword,
    /// The password before the present one.
    OldPassword,
    /// The right password, but not our client certificate.
    NoCertificate,
    /// Without TLS where TLS is configured.
    Plain,
}

/// One attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) kind: Kind,
    /// Whether the id is a station's.
    pub(crate) real: bool,
    pub(crate) probe: Probe,
}

impl Attempt {
    /// What is tried, in words.
    pub(crate) fn name(&self) -> String {
        let id = if self.real { "the station's id" } else { "an id nobody has" };
        match self.kind {
            Kind::NoCredentials => format!("{id}, no credentials"),
            Kind::WrongPassword => format!("{id}, a wrong password"),
            Kind::OldPassword => format!("{id}, the previous password"),
            Kind::NoCertificate => format!("{id}, the right password, no client certificate"),
            Kind::Plain => format!("{id}, without TLS at {}", self.probe.url),
        }
    }
}

/// What is attempted at a CSMS.
pub(crate) struct Target<'a> {
    /// Its URL, or the station's own.
    pub(crate) url: &'a Uri,
    pub(crate) tls: Option<&'a UpstreamTls>,
    pub(crate) credentials: Option<&'a CsmsCredentials>,
    /// The public id of a real station, used too.
    pub(crate) station: Option<&'a str>,
    /// Under which path segment the service itself dials for that station.
    pub(crate) identity: Option<&'a str>,
    /// The previous password.
    pub(crate) old: Option<&'a Secret>,
    /// An id that nobody has.
    pub(crate) canary: &'a str,
    /// A password that nobody has.
    pub(crate) nonsense: &'a Secret,
}

impl<'a> Target<'a> {
    /// A CSMS as the service dials it; for a station of its own, as it is dialled for that one.
    pub(crate) fn of(
        csms: &'a Csms,
        station: Option<&'a Station>,
        old: Option<&'a Secret>,
        (canary, nonsense): (&'a str, &'a Secret),
    ) -> Target<'a> {
        let own = station.and_then(|station| station.upstream.as_ref());
        let id = station.map(|station| station.id.as_str());
        Target {
            url: own.and_then(|own| own.url.as_ref()).unwrap_or(&csms.url),
            tls: match own {
                Some(own) => own.tls.as_ref(),
                None => csms.tls.as_ref(),
            },
            credentials: own.and_then(|own| own.credentials.as_ref()).or(csms.credentials.as_ref()),
            station: id,
            identity: own.and_then(|own| own.identity.as_deref()).or(id),
            old,
            canary,
            nonsense,
        }
    }

    /// All attempts, the harmless ones first.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let mut all = Vec::new();
        let mut ids = vec![(self.canary.to_owned(), false)];
        ids.extend(self.station.map(|id| (id.to_owned(), true)));
        for (id, real) in ids {
            let wrong = (id.clone(), self.nonsense.clone());
            all.push(self.attempt(Kind::NoCredentials, (&id, real), None));
            all.push(self.attempt(Kind::WrongPassword, (&id, real), Some(wrong)));
        }
        // What only the service should know. Sent to nobody whose certificate is not right.
        let user = |identity: &str| {
            let given = self.credentials.and_then(|credentials| credentials.user.clone());
            given.unwrap_or_else(|| identity.to_owned())
        };
        let id = (self.identity.unwrap_or(self.canary), self.identity.is_some());
        if let Some(old) = self.old {
            all.push(self.attempt(Kind::OldPassword, id, Some((user(id.0), old.clone()))));
        }
        if let (Some(credentials), true) = (self.credentials, self.tls.is_some_and(|tls| tls.own().is_some()))
        {
            let pair = (user(id.0), credentials.password.clone());
            all.push(self.attempt(Kind::NoCertificate, id, Some(pair)));
        }
        all.extend(self.plain_urls().into_iter().map(|url| {
            let mut attempt = self.attempt(Kind::Plain, (self.canary, false), None);
            attempt.probe.url = url;
            attempt
        }));
        all
    }

    fn attempt(&self, kind: Kind, (id, real): (&str, bool), basic: Option<(String, Secret)>) -> Attempt {
        let strict = matches!(kind, Kind::OldPassword | Kind::NoCertificate);
        let probe =
            Probe { url: self.url.clone(), identity: id.to_owned(), basic, tls: self.tls.cloned(), strict };
        Attempt { kind, real, probe }
    }

    /// Where the same host might answer without TLS: the same port, and that of `ws`.
    fn plain_urls(&self) -> Vec<Uri> {
        if self.url.scheme_str() != Some("wss") {
            return Vec::new();
        }
        let host = self.url.host().unwrap_or_default();
        let ports = [Some(self.url.port_u16().unwrap_or(443)), None]; // RFC 6455, 3
        ports
            .into_iter()
            .filter_map(|port| {
                let authority = port.map_or(host.to_owned(), |port| format!("{host}:{port}"));
                format!("ws://{authority}{}", self.url.path()).parse().ok()
            })
            .collect()
    }
}

/// What the outcome of an attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody gets in that way; how the CSMS said so.
    Closed(String),
    /// It is not.
    Found(Box<Finding>),
}

/// Judges one attempt at the CSMS `name`.
pub(crate) fn judge(name: &str, attempt: &Attempt, outcome: &Outcome) -> Verdict {
    let found = |code, what: String, remedy: &str| {
        let what = format!("{}: {what}", attempt.name());
        Verdict::Found(Box::new(Finding::new(code, format!("csms {name}"), what, remedy)))
    };
    match outcome {
        Outcome::Open(Farewell::Content) => {
            let (code, remedy) = open(attempt.kind);
            found(code, "accepted (101)".to_owned(), remedy)
        }
        Outcome::Open(Farewell::Closed(code)) => found(
            Code::BypassClosedAfter,
            format!("accepted (101), then closed with {code}"),
            "find out whether it acts on anything before it closes, and whether the living session is thrown out; \
             a CSMS should refuse before it upgrades",
        ),
        // Whatever answers without TLS is an endpoint that somebody may find a way through.
        Outcome::Status(status) if attempt.kind == Kind::Plain => match status {
            301 | 308 | 400 | 426 => Verdict::Closed(format!("answered with {status}")),
            _ => found(
                Code::CsmsAnswersPlain,
                format!("answered with {status}"),
                "close the port without TLS: passwords sent to it can be read on the way",
            ),
        },
        Outcome::Refused(_) | Outcome::Unclear(_) | Outcome::Unreachable(_)
            if attempt.kind == Kind::Plain =>
        {
            Verdict::Closed("nothing answers there without TLS".to_owned())
        }
        // 404 is what many answer for ids they do not know.
        Outcome::Status(status @ (401 | 403 | 404 | 407)) => {
            Verdict::Closed(format!("refused with {status}"))
        }
        Outcome::Refused(how) => Verdict::Closed(format!("refused: {how}")),
        Outcome::Status(status) => found(
            Code::BypassInconclusive,
            format!("answered with {status}, which says neither yes nor no"),
            "check that the URL is that of the OCPP endpoint, and try again when the CSMS is not busy",
        ),
        Outcome::Unclear(why) => found(
            Code::BypassInconclusive,
            format!("no clear answer: {why}"),
            "check that the URL is that of the OCPP endpoint, and try again when the CSMS is not busy",
        ),
        Outcome::Unreachable(why) => found(
            Code::CsmsUnreachable,
            format!("could not be tested: {why}"),
            "if this machine must not reach the CSMS that is as it should be; else look at network and name",
        ),
    }
}

fn open(kind: Kind) -> (Code, &'static str) {
    match kind {
        Kind::NoCredentials => (
            Code::BypassOpen,
            "let the CSMS accept the protected ids from the service alone: by its client certificate, by a password \
             that only it has, or by its address; until then nothing that the service decides binds anybody",
        ),
        Kind::WrongPassword => (
            Code::BypassWrongPassword,
            "the CSMS does not check the password; make it do so, or restrict it to the service's certificate or address",
        ),
        Kind::OldPassword => (
            Code::BypassOldPassword,
            "remove the previous password at the CSMS; whoever learned it once still gets in",
        ),
        Kind::NoCertificate => (
            Code::BypassWithoutCertificate,
            "make the CSMS require the client certificate; now the password alone is enough",
        ),
        Kind::Plain => (
            Code::BypassPlain,
            "close the port without TLS at the CSMS: anybody on the way can read and change what passes there",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(kind: Kind) -> Attempt {
        let url = "wss://csms.example/ocpp".parse().unwrap();
        let probe = Probe { url, identity: "x".to_owned(), basic: None, tls: None, strict: false };
        Attempt { kind, real: false, probe }
    }

    fn code(kind: Kind, outcome: Outcome) -> Option<&'static str> {
        match judge("main", &attempt(kind), &outcome) {
            Verdict::Closed(_) => None,
            Verdict::Found(finding) => Some(finding.code.code()),
        }
    }

    #[test]
    fn outcomes_mean_what_they_mean() {
        let open = || Outcome::Open(Farewell::Content);
        for (kind, outcome, expected) in [
            (Kind::NoCredentials, open(), Some("bypass-open")),
            (Kind::WrongPassword, open(), Some("bypass-wrong-password")),
            (Kind::OldPassword, open(), Some("bypass-old-password")),
            (Kind::NoCertificate, open(), Some("bypass-without-certificate")),
            (Kind::Plain, open(), Some("bypass-plain")),
            (Kind::NoCredentials, Outcome::Open(Farewell::Closed(1008)), Some("bypass-closed-after")),
            (Kind::NoCredentials, Outcome::Status(401), None),
            (Kind::NoCredentials, Outcome::Status(403), None),
            (Kind::NoCredentials, Outcome::Status(404), None),
            (Kind::NoCredentials, Outcome::Status(503), Some("bypass-inconclusive")),
            (Kind::NoCredentials, Outcome::Status(200), Some("bypass-inconclusive")),
            (Kind::NoCredentials, Outcome::Status(302), Some("bypass-inconclusive")),
            (Kind::NoCredentials, Outcome::Refused("alert".to_owned()), None),
            (Kind::NoCredentials, Outcome::Unclear("slow".to_owned()), Some("bypass-inconclusive")),
            (Kind::NoCredentials, Outcome::Unreachable("refused".to_owned()), Some("csms-unreachable")),
            (Kind::Plain, Outcome::Unreachable("refused".to_owned()), None),
            (Kind::Plain, Outcome::Refused("hung up".to_owned()), None),
            (Kind::Plain, Outcome::Unclear("no HTTP".to_owned()), None),
            (Kind::Plain, Outcome::Status(400), None),
            (Kind::Plain, Outcome::Status(301), None),
            (Kind::Plain, Outcome::Status(401), Some("csms-answers-plain")),
        ] {
            assert_eq!(code(kind, outcome.clone()), expected, "{kind:?} {outcome:?}");
        }
    }
}
