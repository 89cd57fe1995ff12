//! What comes out of a decision.

use std::sync::Arc;

use crate::effect::EffectKind;
use crate::party::PartyId;
use crate::reason::ReasonCode;
use crate::requirement::{Alert, Requirement};

/// What is to be done with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every party allows every effect.
    Forward,
    /// Some party refuses some effect.
    Refuse(ReasonCode),
    /// Nobody refuses, but people must approve first.
    Hold(Requirement),
}

impl Verdict {
    /// Name in evidence and metrics: `forward`, `refuse` or `hold`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Refuse(_) => "refuse",
            Self::Hold(_) => "hold",
        }
    }

    /// The reason code of what is not forwarded.
    pub fn code(&self) -> Option<ReasonCode> {
        match self {
            Self::Forward => None,
            Self::Refuse(code) => Some(*code),
            Self::Hold(_) => Some(ReasonCode::Held),
        }
    }
}

/// What one policy, or the lack of one, found about one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// A `permit` matched.
    Permitted,
    /// A `forbid` matched.
    Forbidden,
    /// A `forbid` matched that people can lift.
    Held,
    /// No `permit` matched.
    NotPermitted,
    /// The policy could not be evaluated.
    Failed,
    /// There is no bundle to ask, or nothing to ask about.
    Undecidable,
}

/// One reason for a verdict.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cause {
    /// Whose policy; absent where no party has one.
    pub party: Option<PartyId>,
    /// Id of the policy; absent where it is the lack of one.
    pub policy: Option<Arc<str>>,
    /// The effect it is about; absent where there is none.
    #[serde(serialize_with = "effect_name")]
    pub effect: Option<EffectKind>,
    /// What was found.
    pub finding: Finding,
    /// Code of the refusal or hold; absent where it permits.
    pub code: Option<ReasonCode>,
    /// Name in 2.x `statusInfo.reasonCode`, at most 20 characters; empty where it permits.
    pub status: Arc<str>,
    /// Text for the person refused; may be empty where it permits.
    pub reason: Arc<str>,
    /// Who could lift it.
    pub hold: Option<Requirement>,
    /// How urgently people should look at it.
    pub alert: Option<Alert>,
    /// Whether the sender is to be set apart until people have looked at it.
    pub quarantine: bool,
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn effect_name<S: serde::Serializer>(effect: &Option<EffectKind>, serializer: S) -> Result<S::Ok, S::Error> {
    match effect {
        Some(effect) => serializer.serialize_str(effect.name()),
        None => serializer.serialize_none(),
    }
}

/// Shares of a ruling that fit without allocation: one effect, or a few, under one party, or a few.
const SHARES_INLINE: usize = 4;

/// The decision about a message, with what led to it.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// What is to be done.
    pub verdict: Verdict,
    near: [Option<Arc<[Cause]>>; SHARES_INLINE],
    far: Vec<Arc<[Cause]>>,
}

impl Ruling {
    pub(crate) fn new() -> Self {
        Self { verdict: Verdict::Forward, near: [const { None }; SHARES_INLINE], far: Vec::new() }
    }

    /// Takes in what one party says about one effect: refusal beats hold beats forward, holds unite, and the
    /// first refusal names the reason.
    pub(crate) fn add(&mut self, opinion: &Opinion) {
        let verdict = match (&self.verdict, &opinion.verdict) {
            (Verdict::Refuse(_), _) | (_, Verdict::Forward) => None,
            (Verdict::Forward | Verdict::Hold(_), Verdict::Refuse(code)) => Some(Verdict::Refuse(*code)),
            (Verdict::Forward, Verdict::Hold(requirement)) => Some(Verdict::Hold(requirement.clone())),
            (Verdict::Hold(so_far), Verdict::Hold(more)) => Some(Verdict::Hold(so_far.union(more))),
        };
        if let Some(verdict) = verdict {
            self.verdict = verdict;
        }
        match self.near.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(Arc::clone(&opinion.causes)),
            None => self.far.push(Arc::clone(&opinion.causes)),
        }
    }

    /// Everything that led to the verdict, effect by effect and party by party.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.near.iter().flatten().chain(&self.far).flat_map(|causes| causes.iter())
    }

    /// The first cause that carries the verdict: of a refusal the refusing one, of a hold the holding one, else
    /// the first permit.
    pub fn decisive(&self) -> Option<&Cause> {
        let code = self.verdict.code();
        self.causes().find(|cause| cause.code == code)
    }

    /// Name in 2.x `statusInfo.reasonCode`, at most 20 characters; empty for what is forwarded.
    pub fn status(&self) -> &str {
        self.decisive().map_or("", |cause| &cause.status)
    }

    /// The most urgent alert of all causes.
    pub fn alert(&self) -> Option<Alert> {
        self.causes().filter_map(|cause| cause.alert).max()
    }

    /// Whether some cause asks to set the sender apart.
    pub fn quarantine(&self) -> bool {
        self.causes().any(|cause| cause.quarantine)
    }
}

/// What one party says about one effect.
#[derive(Clone, Debug)]
pub(crate) struct Opinion {
    pub(crate) verdict: Verdict,
    pub(crate) causes: Arc<[Cause]>,
}
