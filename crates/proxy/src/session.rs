//! One station session: both sockets, the core that decides, and the steps it asks for, in one task.
//!
//! Nothing here decides about a message. Bytes go into [`chargewarden_engine::Session::handle`], steps come out and are carried
//! out in their order; a forward needs the permit that only a verdict makes. Reads are cancel-safe: `WebSocketStream` keeps
//! partial frames and partial messages in itself (its `poll_next` holds no state on the stack between calls), so a poll
//! that returns because of the other socket loses nothing.

mod basis;
mod peer;
mod rotation;
mod tick;

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use chargewarden_engine::{Input, Step};
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_ocpp::Side;
use futures_util::Stream;
use tokio::time::Interval;
use tokio_websockets::{Error, Message};

use self::rotation::Rotation;
pub(crate) use self::{peer::Peer, rotation::text_of};
use crate::{
    directory::Station,
    ending::Ending,
    gateway::Shared,
    meters,
    presence::{Holding, Signal, Told},
    recorder::Closing,
    standing::Standing,
    upstream::displacement::Farewell,
};

/// How long to wait for the close handshake of a peer that has shown that it does not answer.
const DEAF_CLOSE_WAIT: Duration = Duration::from_millis(100);

/// After so many messages what is due is looked at, however many more wait.
const TICK_TURNS: u8 = 32;

/// A session that is about to run.
pub(crate) struct Session {
    pub(crate) gateway: Arc<Shared>,
    pub(crate) entry: Arc<Station>,
    /// Its name in records.
    pub(crate) id: String,
    pub(crate) core: Box<chargewarden_engine::Session>,
    pub(crate) station: Peer,
    /// None: a local session, in which nothing is relayed.
    pub(crate) csms: Option<Peer>,
    pub(crate) signal: Arc<Signal>,
    /// Frees the place of the station's id when the task ends, whichever way.
    pub(crate) holding: Holding,
    /// The certificate it rests on, with security profile 3.
    pub(crate) standing: Option<Standing>,
    /// What is known of the reason it ends for, beyond the word; for evidence.
    pub(crate) why: String,
    /// The payload of the ping that a challenge sent.
    pub(crate) challenge: Option<[u8; 8]>,
    /// Counts what was looked at, so that a busy side starves neither the other nor what is due.
    pub(crate) turn: u8,
    /// Of the station's password. Boxed: rare.
    pub(crate) rotation: Option<Box<Rotation>>,
}

enum Event {
    Received(Side, Option<Result<Message, Error>>),
    Told(Told),
    Tick,
}

impl Session {
    /// Runs until the session ends; returns when both sockets are closed.
    pub(crate) async fn run(mut self: Box<Self>) {
        let gauge = SessionGauge::new(&self.gateway);
        let mut ticks = tokio::time::interval(self.gateway.bounds.tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.reset(); // the first is one period from now
        let ending = loop {
            let event = self.next(&mut ticks).await;
            if let Err(ending) = self.react(event).await {
                break ending;
            }
        };
        drop(ticks);
        // Boxed: a future is as large as its largest part, and this part is rare.
        Box::pin(self.finish(ending)).await;
        drop(gauge);
    }

    fn next<'a>(&'a mut self, ticks: &'a mut Interval) -> impl Future<Output = Event> + 'a {
        poll_fn(move |cx| {
            if let Some(told) = self.signal.poll_told(cx) {
                return Poll::Ready(Event::Told(told));
            }
            self.turn = self.turn.wrapping_add(1);
            // A side that always has something would otherwise keep what is due from being looked at: its own rate, too.
            if self.turn.is_multiple_of(TICK_TURNS) && ticks.poll_tick(cx).is_ready() {
                return Poll::Ready(Event::Tick);
            }
            let csms_first = self.turn.is_multiple_of(2);
            for side in if csms_first { [Side::Csms, Side::Station] } else { [Side::Station, Side::Csms] } {
                if let Poll::Ready(received) = self.poll_peer(side, cx) {
                    return Poll::Ready(Event::Received(side, received));
                }
            }
            ticks.poll_tick(cx).map(|_| Event::Tick)
        })
    }

    fn poll_peer(&mut self, side: Side, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        match self.peer(side) {
            Some(peer) => Pin::new(&mut peer.socket).poll_next(cx),
            None => Poll::Pending,
        }
    }

    fn peer(&mut self, side: Side) -> Option<&mut Peer> {
        match side {
            Side::Station => Some(&mut self.station),
            Side::Csms => self.csms.as_mut(),
        }
    }

    async fn react(&mut self, event: Event) -> Result<(), Ending> {
        match event {
            Event::Received(side, Some(Ok(message))) => self.received(side, message).await,
            Event::Received(side, Some(Err(error))) => Err(Ending::of_error(side, &error)),
            Event::Received(side, None) => Err(Ending::Lost(side)),
            Event::Tick => self.tick().await,
            Event::Told(Told::Challenge) => self.challenged().await,
            Event::Told(Told::Replaced) => Err(Ending::Replaced),
            Event::Told(Told::Drain) => Err(Ending::Drain),
            Event::Told(Told::Withdrawn(withdrawn)) => Err(Ending::Withdrawn(withdrawn)),
            Event::Told(Told::Reexamine) => self.reexamine(),
            // Boxed: a future is as large as its largest part, and this part is rare.
            Event::Told(Told::Errand) => Box::pin(self.ordered()).await,
        }
    }

    async fn received(&mut self, from: Side, message: Message) -> Result<(), Ending> {
        let started = Instant::now();
        let length = message.as_payload().len();
        let now_ms = self.gateway.clock.mono_ms_at(started);
        // Only those that are there are read from.
        let Some(peer) = self.peer(from) else { return Ok(()) };
        peer.heard(now_ms);
        if message.is_text() {
            peer.message_done();
            self.gateway.meters.received(from, length);
            self.handle(Input::Text { from, bytes: message.into_payload().into() }).await?;
            self.gateway.meters.relay_seconds.record(started.elapsed().as_secs_f64());
            return Ok(());
        }
        if message.is_binary() {
            peer.message_done();
            self.gateway.meters.received(from, length);
            return self.handle(Input::Binary { from, bytes: message.into_payload().into() }).await;
        }
        peer.control_done(length);
        if let Some((code, text)) = message.as_close() {
            peer.farewell = Some(Farewell::of_close(code.into(), text));
            return Err(Ending::Closed(from, (!code.is_reserved()).then_some(code)));
        }
        if message.is_pong() {
            self.ponged(from, message.as_payload());
            return Ok(());
        }
        // A ping: its pong was queued by the socket. Nothing more is read before it is written, so that a flood of pings
        // from a peer that does not read ends at the write bound and not in our memory.
        self.flush(from).await
    }

    /// Feeds the core and carries out what it asks for.
    async fn handle(&mut self, input: Input) -> Result<(), Ending> {
        let now = self.gateway.clock.now();
        let steps = {
            let world = self.gateway.world.load();
            self.core.handle(now, input, &world)
        };
        self.carry_on(steps).await
    }

    /// Carries out steps, and what the core wants done after it heard of their outcome.
    async fn carry_on(&mut self, steps: Vec<Step>) -> Result<(), Ending> {
        self.carry_out(steps).await?;
        while self.rotation.is_some()
            && let Some(steps) = Box::pin(self.next_steps()).await
        {
            self.carry_out(steps).await?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, steps: Vec<Step>) -> Result<(), Ending> {
        let mut to = Touched::default();
        for step in steps {
            if let Err(ending) = self.perform(step, &mut to).await {
                // What was decided before the step that ended the session still goes out.
                let _ = self.flush_touched(to).await;
                return Err(ending);
            }
        }
        self.flush_touched(to).await
    }

    async fn perform(&mut self, step: Step, to: &mut Touched) -> Result<(), Ending> {
        match step {
            Step::Record(record, durability) => {
                self.gateway.meters.recorded(&record);
                self.gateway
                    .recorder
                    .append(&record, durability, &self.gateway.meters)
                    .await
                    .map_err(|_| Ending::Evidence)
            }
            Step::Forward(permit) => {
                let side = permit.to();
                self.queue(side, permit.into_bytes(), to)
            }
            Step::Answer { to: side, text } => self.queue(side, Bytes::from(text), to),
            Step::Call { to: side, text } => self.queue(side, Bytes::from(text.into_string()), to),
            Step::Propose(proposal) => {
                self.proposal_due(proposal);
                Ok(())
            }
            Step::Settle { outcome, origin } => {
                Box::pin(self.settle(outcome, origin)).await;
                Ok(())
            }
            Step::Provision => {
                self.password_due();
                Ok(())
            }
            Step::OpenHold(hold) => {
                // Approval does not exist yet: the hold was answered and recorded, and ends there.
                tracing::info!(ticket = %hold.ticket, station = %self.entry.id, requirement = %hold.requirement, "held");
                Ok(())
            }
            Step::Place(placing) => {
                self.gateway.placements.keep(*placing);
                Ok(())
            }
            Step::Learn(state) => {
                self.gateway.states.learn(&self.entry.id, *state).await;
                Ok(())
            }
            Step::Close { blame, code, reason } => Err(Ending::Engine { blame, code, reason }),
        }
    }

    fn queue(&mut self, side: Side, bytes: Bytes, to: &mut Touched) -> Result<(), Ending> {
        to.touch(side);
        match self.peer(side) {
            Some(peer) => peer.queue(Message::text(bytes)).map_err(|_| Ending::Lost(side)),
            None => Ok(()),
        }
    }

    async fn flush_touched(&mut self, to: Touched) -> Result<(), Ending> {
        if to.station {
            self.flush(Side::Station).await?;
        }
        if to.csms {
            self.flush(Side::Csms).await?;
        }
        Ok(())
    }

    /// Writes out what is queued for a side. Nothing is read from either side meanwhile: a slow reader slows its partner, up
    /// to [`crate::Bounds::write_wait`], and never fills our memory.
    async fn flush(&mut self, side: Side) -> Result<(), Ending> {
        let wait = self.gateway.bounds.write_wait;
        let Some(peer) = self.peer(side) else { return Ok(()) };
        peer.flush(wait).await.map_err(|fault| match fault {
            peer::Fault::Slow => Ending::SlowPeer(side),
            peer::Fault::Lost => Ending::Lost(side),
        })
    }

    /// Ends the session: the core is told, both sides are closed, the end is recorded.
    async fn finish(mut self: Box<Self>, ending: Ending) {
        let bounds = &self.gateway.bounds;
        let (close_wait, spread) = (bounds.close_wait, bounds.csms_lost_spread);
        meters::session_ended(ending.word());
        self.last_steps().await;
        self.watch_displacement(ending).await;

        let wait_for = |side| if ending.is_deaf(side) { close_wait.min(DEAF_CLOSE_WAIT) } else { close_wait };
        let (code, text) = ending.told(Side::Csms);
        let csms_wait = wait_for(Side::Csms);
        let csms = async {
            if let Some(csms) = &mut self.csms {
                csms.close(code, text, csms_wait).await;
            }
        };
        let (code, text) = ending.told(Side::Station);
        let delay = if ending.spreads() { self.gateway.within(spread) } else { Duration::ZERO };
        let station = async {
            // The place is kept meanwhile: the station is still connected.
            tokio::time::sleep(delay).await;
            self.station.close(code, text, wait_for(Side::Station)).await;
        };
        tokio::join!(csms, station);

        let closing = Closing {
            session: &self.id,
            entry: &self.entry,
            station_peer: &self.station.address,
            ending,
            why: &self.why,
        };
        self.gateway.recorder.closed(&closing, u16::from(code)).await;
        tracing::info!(station = %self.entry.id, session = %self.id, reason = ending.word(), side = meters::side_word(ending.side()), "session ended");
        drop(self.holding);
    }

    /// The CSMS ended the session: perhaps somebody else has come to it in the station's name.
    async fn watch_displacement(&self, ending: Ending) {
        if !matches!(ending, Ending::Closed(Side::Csms, _) | Ending::Lost(Side::Csms)) {
            return;
        }
        let now_ms = self.gateway.clock.now().mono_ms;
        let Some(csms) = &self.csms else { return };
        let age_ms = now_ms.saturating_sub(csms.since_ms);
        let farewell = csms.farewell.unwrap_or(Farewell::Other);
        let suspicion = self.gateway.displacement.ended(&self.entry.id, farewell, now_ms, age_ms);
        let Some(suspicion) = suspicion else { return };
        let event = Security {
            station: self.entry.id.to_string(),
            csms: self.entry.csms.name.clone(),
            session: self.id.clone(),
            peer: csms.address.clone(),
            detail: suspicion.text().to_owned(),
            ..Security::own(OwnEvent::UpstreamDisplaced)
        };
        self.gateway.recorder.security(event).await;
    }

    /// Lets the core record calls that will not be answered any more. Nothing is sent.
    async fn last_steps(&mut self) {
        let now = self.gateway.clock.now();
        let steps = {
            let world = self.gateway.world.load();
            self.core.handle(now, Input::Gone, &world)
        };
        for step in steps {
            match step {
                Step::Record(record, durability) => {
                    self.gateway.meters.recorded(&record);
                    let _ = self.gateway.recorder.append(&record, durability, &self.gateway.meters).await;
                }
                Step::Learn(state) => self.gateway.states.learn(&self.entry.id, *state).await,
                Step::Settle { outcome, origin } => self.settle(outcome, origin).await,
                Step::Forward(_)
                | Step::Answer { .. }
                | Step::Call { .. }
                | Step::Propose(_)
                | Step::Provision
                | Step::Place(_)
                | Step::OpenHold(_)
                | Step::Close { .. } => {}
            }
        }
    }
}

/// Which sides have something queued.
#[derive(Debug, Default, Clone, Copy)]
struct Touched {
    station: bool,
    csms: bool,
}

impl Touched {
    fn touch(&mut self, side: Side) {
        match side {
            Side::Station => self.station = true,
            Side::Csms => self.csms = true,
        }
    }
}

/// Counts the session while it runs, and counts it as panicked when that is how it ends.
struct SessionGauge(Arc<Shared>);

impl SessionGauge {
    fn new(gateway: &Arc<Shared>) -> SessionGauge {
        gateway.meters.sessions.increment(1.0);
        SessionGauge(Arc::clone(gateway))
    }
}

impl Drop for SessionGauge {
    fn drop(&mut self) {
        self.0.meters.sessions.decrement(1.0);
        if std::thread::panicking() {
            meters::session_ended("panic");
        }
    }
}
