//! Stations, limits and commands of the tests.

use std::sync::Arc;

use chargewarden_engine::{Claim, Excess, Ledger, Member, Outcome, Places, PowerChange};
use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::effect::{Disable, Effect, Restart, SetPower};
use chargewarden_policy::{About, Bundle, BundleSource, Doubt, Doubts, Policies};

/// When the tests begin, in ms since the Unix epoch.
pub(crate) const BEGIN: i64 = 1_790_000_000_000;
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Policies of one party with these limits. Each is a line `id: effects; rest of the fields`.
pub(crate) fn policies(limits: &[&str]) -> Policies {
    let limits: Vec<String> = limits
        .iter()
        .map(|limit| {
            let (id, rest) = limit.split_once(": ").unwrap();
            let fields: Vec<&str> = rest.split("; ").collect();
            let over = if rest.contains("over = ") { "" } else { "over = \"refuse\"\n" };
            format!("[[limit]]\nid = \"{id}\"\nreason = \"enough\"\n{over}{}\n", fields.join("\n"))
        })
        .collect();
    let files = [
        ("bundle.toml", "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        ("limits.toml", limits.join("\n")),
        ("rules.cedar", "@id(\"all-of-it\") permit (principal, action, resource);".to_owned()),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text)).into();
    let source = BundleSource { party: "cso".parse().unwrap(), files };
    Policies::new(vec![Arc::new(Bundle::compile(&source).unwrap_or_else(|problems| panic!("{problems}")))])
}

/// Station `number` of a fleet with two stations a site and four an area; every fifth has neither.
pub(crate) fn about(number: usize, csms: usize) -> About {
    let placed = number % 5 != 4;
    About {
        station: format!("CP-{number}"),
        parties: vec!["cso".parse().unwrap()],
        site: placed.then(|| format!("site-{}", number / 2)),
        groups: Vec::new(),
        area: placed.then(|| format!("area-{}", number / 4)),
        facts: Default::default(),
        csms: format!("csms-{csms}"),
        csms_party: "cnp".parse().unwrap(),
        csms_facts: Default::default(),
        envelope: Default::default(),
    }
}

pub(crate) fn fleet(stations: usize) -> Vec<Member> {
    let member = |number| {
        let About { station, site, area, parties, .. } = about(number, 0);
        Member { station, site, area, parties }
    };
    (0..stations).map(member).collect()
}

pub(crate) fn restart() -> Effect {
    Restart { evse: None, immediate: true }.into()
}

pub(crate) fn disable() -> Effect {
    Disable { evse: None, connector: None }.into()
}

/// A profile that begins then, recurs so, and ends then; all in ms.
pub(crate) fn profile(effective_at: Option<i64>, recurs: Option<i64>, ends_at: Option<i64>) -> Effect {
    SetPower {
        evse: None,
        purpose: "default",
        stack_level: 0,
        lowest_w: Some(0),
        highest_w: Some(11_000),
        lowest_ma: None,
        zero_s: None,
        step_w: None,
        step_at: None,
        absurd: false,
        consistent: true,
        effective_at: effective_at.map(Timestamp::from_millis),
        ends_at: ends_at.map(Timestamp::from_millis),
        profile_kind: if recurs.is_some() { "recurring" } else { "absolute" },
        recurs_s: recurs.map(|every| every / 1000),
        recurs_at: recurs.and(effective_at).map(Timestamp::from_millis),
        periods: 1,
        shortest_s: None,
        reversals: 0,
        swings: 0,
        ordered: true,
        transaction: None,
        profile: None,
        local_time: false,
        random_delay_s: None,
    }
    .into()
}

/// A change of power.
pub(crate) fn change(at: i64, delta_w: i64, every_ms: Option<i64>, until: Option<i64>) -> PowerChange {
    PowerChange {
        at: Timestamp::from_millis(at),
        delta_w,
        every_ms,
        until: until.map(Timestamp::from_millis),
    }
}

/// A ledger and a clock.
pub(crate) struct Desk {
    pub(crate) ledger: Ledger,
    pub(crate) policies: Policies,
    pub(crate) now: i64,
}

impl Desk {
    pub(crate) fn new(limits: &[&str]) -> Self {
        Self { ledger: Ledger::default(), policies: policies(limits), now: BEGIN }
    }

    pub(crate) fn ask(
        &self,
        about: &About,
        effects: &[Effect],
        doubts: Doubts,
        power: &[PowerChange],
    ) -> Result<Places, Vec<Excess>> {
        let now = Timestamp::from_millis(self.now);
        let (policies, from) = (&self.policies, Side::Csms);
        self.ledger.claim(&Claim { now, about, policies, from, effects, doubts, power })
    }

    /// A command of the first management system; what it would exceed, `limit: count` each.
    pub(crate) fn command(&self, station: usize, effect: Effect) -> Result<Places, String> {
        self.power(station, effect, &[])
    }

    pub(crate) fn power(
        &self,
        station: usize,
        effect: Effect,
        power: &[PowerChange],
    ) -> Result<Places, String> {
        self.ask(&about(station, 0), &[effect], Doubts::NONE, power).map_err(|excesses| said(&excesses))
    }

    pub(crate) fn doubted(&self, station: usize, effect: Effect, doubt: Doubt) -> Result<Places, String> {
        let doubts = [doubt].into_iter().collect();
        self.ask(&about(station, 0), &[effect], doubts, &[]).map_err(|excesses| said(&excesses))
    }

    pub(crate) fn settle(&self, places: Places, outcome: Outcome) {
        self.ledger.settle(places, outcome, Timestamp::from_millis(self.now));
    }
}

pub(crate) fn said(excesses: &[Excess]) -> String {
    let each = |excess: &Excess| format!("{}: {}", excess.limit, excess.count);
    excesses.iter().map(each).collect::<Vec<_>>().join("\n")
}
