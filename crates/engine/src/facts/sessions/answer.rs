//! What answers tell: numbers of transactions, groups of tokens, starts that a station took.

use chargewarden_ocpp::{Action, Obj, Version};
use chargewarden_policy::{Doubt, Doubts};

use super::owner::{Beginner, Group, RemoteStart};
use super::scene::Scene;
use super::{Learned, Sessions};
use crate::effects::RequestMemo;
use crate::facts::Mark;

/// Connectors that a station can have: beyond it the number is not believed.
const STATED_MAX: i64 = 1000;

/// What is odd about an answer of a management system.
pub(super) fn doubts(sessions: &Sessions, scene: &Scene<'_>, out: &mut Doubts) {
    if scene.heard.message.action != Action::StartTransaction {
        return;
    }
    // Who is turned away gets any number: 0, as some spell it.
    if group(scene).is_none() {
        return;
    }
    let (Some(number), Some(call)) = (scene.root.int("transactionId"), call(scene)) else { return };
    let id = number.to_string();
    let again = sessions.started_1_6(&call);
    let running = sessions.place(&id).is_some_and(|at| Some(at) != again);
    let at_ms = call.root.time("timestamp").map(super::time::ms);
    let ended = sessions.ended(scene.mark(&id)).is_some_and(|ended| ended.begun_ms != at_ms);
    out.add_if(running || ended, Doubt::NumberReused);
}

/// Takes in an answer of a management system.
pub(super) fn of_csms(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    #[expect(clippy::wildcard_enum_match_arm, reason = "few answers say something of sessions")]
    match scene.heard.message.action {
        Action::BootNotification => booted(sessions, scene),
        Action::Authorize | Action::StopTransaction | Action::TransactionEvent => accepted(sessions, scene),
        Action::StartTransaction => {
            accepted(sessions, scene);
            numbered(sessions, scene)
        }
        _ => Learned::Nothing,
    }
}

fn booted(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    if scene.root.text("status").is_some_and(|status| status == "Accepted") {
        sessions.line.boot(scene.now_ms);
    } else {
        sessions.line.part();
    }
    Learned::Now
}

/// A 1.6 transaction has its number.
fn numbered(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    let (Some(number), Some(call)) = (scene.root.int("transactionId"), call(scene)) else {
        return Learned::Nothing;
    };
    let id = number.to_string();
    if let Some(known) = sessions.started_1_6(&call).and_then(|at| sessions.running.get_mut(at)) {
        // Asked twice. What counts is the number that the station hears last.
        known.id = id;
        known.heard_ms = scene.now_ms;
        return Learned::Now;
    }
    if let Some(at) = sessions.place(&id) {
        sessions.lose(at, scene);
    }
    sessions.begin_1_6(id, &call);
    Learned::Now
}

/// The management system takes a token, and tells its group.
fn accepted(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    let Some(RequestMemo::Token(token)) = scene.heard.message.request else { return Learned::Nothing };
    let token = scene.heard.token(token.expose());
    let Some(group) = group(scene) else { return Learned::Nothing };
    sessions.tokens.accepted(token, group);
    let known = sessions.tokens.group(token);
    sessions.running.iter_mut().filter(|of| of.owner == Some(token)).for_each(|of| of.group.told(known));
    Learned::Now
}

/// The group that the answer names; none where it does not take the token.
fn group(scene: &Scene<'_>) -> Option<Group> {
    let of = |mark: Option<Mark>| mark.map_or(Group::Single, Group::Of);
    let is_accepted = |info: &Obj<'_>| {
        info.text("status").is_some_and(|status| matches!(status.as_ref(), "Accepted" | "ConcurrentTx"))
    };
    match scene.version {
        Version::V16 => {
            let info = scene.root.obj("idTagInfo").filter(is_accepted)?;
            Some(of(scene.tag(info, "parentIdTag")))
        }
        Version::V201 | Version::V21 => {
            let info = scene.root.obj("idTokenInfo").filter(is_accepted)?;
            Some(of(scene.id_token(info, "groupIdToken")))
        }
    }
}

/// Takes in an answer of a station.
pub(super) fn of_station(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    #[expect(clippy::wildcard_enum_match_arm, reason = "few answers say something of sessions")]
    match scene.heard.message.action {
        Action::RemoteStartTransaction | Action::RequestStartTransaction => starting(sessions, scene),
        Action::GetConfiguration => stated(sessions, scene),
        _ => Learned::Nothing,
    }
}

/// A station took a start by command.
fn starting(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    let taken = scene.root.text("status").is_some_and(|status| status == "Accepted");
    let Some(call) = call(scene).filter(|_| taken) else { return Learned::Nothing };
    let v16 = scene.version == Version::V16;
    let token = if v16 { call.tag(call.root, "idTag") } else { call.id_token(call.root, "idToken") };
    let csms = scene.heard.about.csms.clone();
    if !v16
        && let Some(at) = scene.root.text("transactionId").and_then(|id| sessions.place(&id))
        && let Some(known) = sessions.running.get_mut(at)
        && known.owner.is_none()
    {
        // The cable was in, and the session had begun.
        known.beginner = Beginner::Csms(csms);
        return Learned::Now;
    }
    let Some(token) = token else { return Learned::Nothing };
    let remote = if v16 { None } else { call.root.int("remoteStartId") };
    let evse = call.root.int(super::book::place_name(scene.version)).filter(|evse| *evse > 0);
    sessions.tokens.starting(RemoteStart { csms, token, evse, remote, at_ms: scene.now_ms });
    Learned::Now
}

/// A station says how many connectors it has.
fn stated(sessions: &mut Sessions, scene: &Scene<'_>) -> Learned {
    let is_count = |item: &Obj<'_>| item.text("key").is_some_and(|key| key == "NumberOfConnectors");
    let Some(item) = scene.root.objs("configurationKey").find(is_count) else { return Learned::Nothing };
    let count = item.text("value").and_then(|value| value.trim().parse::<i64>().ok());
    let Some(count) = count.filter(|count| (1..=STATED_MAX).contains(count)) else { return Learned::Nothing };
    if sessions.stated.replace(count) == Some(count) { Learned::Nothing } else { Learned::Now }
}

/// The call that an answer answers.
fn call<'a>(scene: &Scene<'a>) -> Option<Scene<'a>> {
    let root = scene.heard.call?.payload.root();
    Some(Scene { root, ..*scene })
}
