//! The hostile corpus: malformed frames, handshakes and WebSocket traffic against a running
//! gateway. Each case has a documented outcome, nothing of it reaches the other side, a
//! neighbouring session notices nothing, and the process lives on.

use crate::corpus::{self, Corpus, FrameCase, HandshakeCase, WireCase};
use crate::csms::{Csms, Link};
use crate::gateway::{self, Gateway, Place, SECRET};
use crate::station::{booted, heard};
use crate::wire::{Seen, Wire};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_frames() {
    let cases: Vec<FrameCase> = Corpus::read(include_str!("corpus/frames.toml"));
    let mut world = World::start(cases.len()).await;
    let mut wrong = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        if let Err(what) = frame_case(&mut world, &format!("H-{n}"), case).await {
            wrong.push(format!("{}: {what}", case.name));
        }
        world.neighbour_notices_nothing().await;
    }
    println!("hostile frames: {} cases, {} wrong", cases.len(), wrong.len());
    world.finish();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_handshakes() {
    let cases: Vec<HandshakeCase> = Corpus::read(include_str!("corpus/handshakes.toml"));
    let mut world = World::start_for(cases.len(), r#"["1.6"]"#).await;
    let mut wrong = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        if let Err(what) = handshake_case(&mut world, &cases[0].request, &format!("H-{n}"), case).await {
            wrong.push(format!("{}: {what}", case.name));
        }
        world.neighbour_notices_nothing().await;
    }
    println!("hostile handshakes: {} cases, {} wrong", cases.len(), wrong.len());
    world.finish();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_wire() {
    let cases: Vec<WireCase> = Corpus::read(include_str!("corpus/wire.toml"));
    let mut world = World::start(cases.len()).await;
    let mut wrong = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        if let Err(what) = wire_case(&mut world, &format!("H-{n}"), case).await {
            wrong.push(format!("{}: {what}", case.name));
        }
        world.neighbour_notices_nothing().await;
    }
    println!("hostile wire: {} cases, {} wrong", cases.len(), wrong.len());
    world.finish();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn frame_case(world: &mut World, id: &str, case: &FrameCase) -> Result<(), String> {
    let (mut station, mut csms) = world.booted(id, &case.version).await;
    for line in &case.before {
        let (who, text) = line.split_once("> ").ok_or("a line of `before` has no `> `")?;
        let arrived = match who {
            "station" => {
                station.text(text).await;
                csms.next().await
            }
            _ => {
                csms.orders.send(text.to_owned()).unwrap();
                heard(&mut station).await
            }
        };
        if arrived.as_deref() != Some(text) {
            return Err(format!("`{line}` should have passed, the other side got {arrived:?}"));
        }
    }
    let text = case.text();
    let from_station = case.from == "station";
    match from_station {
        true => station.text(&text).await,
        false => csms.orders.send(text).unwrap(),
    }
    if let Some(code) = case.expect.strip_prefix("close ") {
        return match from_station {
            true => closes(&mut station, code).await,
            // The gateway hangs up on both; the station hears a close of its own.
            false => match station.next().await {
                Seen::Close(_) | Seen::End => Ok(()),
                Seen::Text(text) => Err(format!("reached the station: {text}")),
                Seen::Nothing => Err("the station hears nothing".to_owned()),
            },
        };
    }
    // The answer to the sender, where there is to be one.
    if case.expect != "silence" {
        let answer = match from_station {
            true => heard(&mut station).await,
            false => csms.next().await,
        };
        let answer = answer.ok_or("the session ended")?;
        let parts: Vec<serde_json::Value> =
            serde_json::from_str(&answer).map_err(|e| format!("{e}: {answer}"))?;
        let as_expected = match case.expect.strip_prefix("error ") {
            Some(code) => parts.first() == Some(&4.into()) && parts.get(2) == Some(&code.into()),
            None => parts.first() == Some(&3.into()) && negative(&answer),
        };
        if !as_expected {
            return Err(format!("expected {}, the sender got {answer}", case.expect));
        }
    }
    // The session goes on, and the next thing that either side hears is the probe: nothing of the
    // hostile frame went anywhere.
    let from_csms = if case.probe.is_empty() { from_station } else { case.probe == "csms" };
    let (question, reply) = match from_csms {
        true => (r#"[2,"probe","ClearCache",{}]"#, r#"[3,"probe",{"status":"Accepted"}]"#),
        false => (
            r#"[2,"probe","Heartbeat",{}]"#,
            &*format!(r#"[3,"probe",{{"currentTime":"{}"}}]"#, gateway::now()),
        ),
    };
    let (asked, replied) = if from_csms {
        csms.orders.send(question.to_owned()).unwrap();
        let asked = heard(&mut station).await;
        station.text(reply).await;
        (asked, csms.next().await)
    } else {
        station.text(question).await;
        let asked = csms.next().await;
        csms.orders.send(reply.to_owned()).unwrap();
        (asked, heard(&mut station).await)
    };
    if asked.as_deref() != Some(question) || replied.as_deref() != Some(reply) {
        return Err(format!(
            "after it, the probe `{question}` arrived as {asked:?}, its answer as {replied:?}"
        ));
    }
    station.bye().await;
    Ok(())
}

async fn handshake_case(
    world: &mut World,
    model: &[String],
    id: &str,
    case: &HandshakeCase,
) -> Result<(), String> {
    let before = world.csms.opened();
    let mut wire = Wire::open(&world.gateway.address, &case.bytes(model, id, SECRET)).await;
    let status = wire.status().await;
    let got = match &status {
        Some((code, _)) => code.to_string(),
        None => "closed".to_owned(),
    };
    if !case
        .expect
        .split(" or ")
        .any(|outcome| outcome == got || outcome.starts_with(&format!("closed after {got}")))
    {
        return Err(format!("expected {}, got {got}", case.expect));
    }
    let opened = world.csms.opened() - before;
    match (got.as_str(), opened) {
        ("101", 1) => {}
        ("101", n) => return Err(format!("let in, and the CSMS saw {n} sessions")),
        (_, 0) => {}
        (_, n) if case.expect.starts_with("closed after") => assert!(n <= 1),
        (_, n) => return Err(format!("refused, but the CSMS saw {n} sessions")),
    }
    if let Some((101, head)) = &status {
        let head = head.to_ascii_lowercase();
        if case.expect == "101" && !head.contains("sec-websocket-protocol: ocpp1.6") {
            return Err(format!("no subprotocol in {head}"));
        }
        if head.contains("sec-websocket-extensions") {
            return Err("an extension was negotiated".to_owned());
        }
    }
    Ok(())
}

async fn wire_case(world: &mut World, id: &str, case: &WireCase) -> Result<(), String> {
    let (mut station, mut csms) = world.booted(id, "1.6").await;
    station.raw(&corpus::hex(&case.hex)).await;
    if case.then == "reset" {
        station.reset();
        return match csms.next().await {
            None => Ok(()),
            Some(text) => Err(format!("reached the CSMS: {text}")),
        };
    }
    let mut outcomes = case.expect.split(" or ").peekable();
    if outcomes.peek() == Some(&"open") {
        // Either a frame passes, or a probe does.
        station.text(r#"[2,"x","Heartbeat",{}]"#).await;
        return match csms.next().await.as_deref() {
            Some(r#"[2,"x","Heartbeat",{}]"#) => Ok(()),
            None if case.expect.contains("closed") => Ok(()),
            other => Err(format!("the CSMS got {other:?}")),
        };
    }
    let codes: Vec<_> =
        case.expect.split(" or ").map(|outcome| outcome.trim_start_matches("close ")).collect();
    let seen = station.next().await;
    let as_expected = match &seen {
        Seen::Close(Some(code)) => case.expect == "closed" || codes.contains(&code.to_string().as_str()),
        Seen::Close(None) | Seen::End => case.expect == "closed",
        Seen::Text(_) | Seen::Nothing => false,
    };
    if !as_expected {
        return Err(format!("expected {}, got {seen:?}", case.expect));
    }
    match csms.next().await {
        None => Ok(()),
        Some(text) => Err(format!("reached the CSMS: {text}")),
    }
}

async fn closes(station: &mut Wire, code: &str) -> Result<(), String> {
    match station.next().await {
        Seen::Close(Some(seen)) if seen.to_string() == code => Ok(()),
        seen @ (Seen::Text(_) | Seen::Close(_) | Seen::End | Seen::Nothing) => {
            Err(format!("expected a close with {code}, got {seen:?}"))
        }
    }
}

/// Whether an answer says no in the action's own words.
fn negative(answer: &str) -> bool {
    ["Rejected", "Failed", "NotSupported", "UnlockFailed"].iter().any(|status| answer.contains(status))
        && !answer.contains("\"Accepted\"")
}

/// The gateway, a CSMS, and a neighbour who must not notice anything.
struct World {
    place: Place,
    gateway: Gateway,
    csms: Csms,
    neighbour: (Wire, Link),
    beats: usize,
}

impl World {
    async fn start(stations: usize) -> Self {
        Self::start_for(stations, r#"["1.6", "2.0.1", "2.1"]"#).await
    }

    async fn start_for(stations: usize, versions: &str) -> Self {
        let (csms, url) = Csms::start().await;
        let place = Place::new(&url, stations, versions);
        let gateway = Gateway::start_at(&place).await;
        let neighbour = booted(&gateway, &csms, "BYSTANDER", "1.6").await;
        Self { place, gateway, csms, neighbour, beats: 0 }
    }

    async fn booted(&mut self, id: &str, version: &str) -> (Wire, Link) {
        booted(&self.gateway, &self.csms, id, version).await
    }

    /// A round trip of the neighbour, which gets exactly its own frames.
    async fn neighbour_notices_nothing(&mut self) {
        self.beats += 1;
        let question = format!(r#"[2,"beat-{}","Heartbeat",{{}}]"#, self.beats);
        let reply = format!(r#"[3,"beat-{}",{{"currentTime":"{}"}}]"#, self.beats, gateway::now());
        let (station, csms) = &mut self.neighbour;
        station.text(&question).await;
        assert_eq!(csms.next().await.as_deref(), Some(&*question), "the neighbour's question");
        csms.orders.send(reply.clone()).unwrap();
        assert_eq!(heard(station).await.as_deref(), Some(&*reply), "the neighbour's answer");
    }

    /// The process is the one that was started, and its evidence verifies.
    fn finish(self) {
        self.gateway.stop();
        self.place.verify();
    }
}
