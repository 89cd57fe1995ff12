//! One live conversation: a task that owns the socket, and a handle to talk through it.
//!
//! Stations and management systems are alike here. The task logs every text frame, hands calls to
//! the [`Behaviour`], and gives answers to whoever waits for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_websockets::{CloseCode, Message, WebSocketStream};

use crate::{Behaviour, Direction, Envelope, Reply, Transcript};

/// How long [`Link::call`] waits for an answer; the default of many management systems.
pub const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// Texts queued for sending before the sender has to wait.
const OUTGOING_MAX: usize = 64;

/// Distinguishes the message ids of links that live in one process.
static LINKS: AtomicU64 = AtomicU64::new(1);

/// What came back for a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A CALLRESULT.
    Result {
        /// Response.
        payload: Value,
        /// The frame as it arrived.
        text: String,
    },
    /// A CALLERROR.
    Error {
        /// Error code as spelled on the wire.
        code: String,
        /// Text for people.
        description: String,
        /// The frame as it arrived.
        text: String,
    },
}

impl Answer {
    /// The response of a CALLRESULT.
    pub fn payload(&self) -> Option<&Value> {
        match self {
            Answer::Result { payload, .. } => Some(payload),
            Answer::Error { .. } => None,
        }
    }

    /// The `status` of a CALLRESULT that has one.
    pub fn status(&self) -> Option<&str> {
        self.payload()?.get("status")?.as_str()
    }

    /// The frame as it arrived.
    pub fn text(&self) -> &str {
        match self {
            Answer::Result { text, .. } | Answer::Error { text, .. } => text,
        }
    }
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// The connection ended first.
    Closed,
    /// Nothing came within the wait.
    Timeout,
}

impl std::fmt::Display for CallFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            CallFailure::Closed => "the connection closed before the answer came",
            CallFailure::Timeout => "no answer within the wait",
        })
    }
}

impl std::error::Error for CallFailure {}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code received, when the other end sent one.
    pub code: Option<u16>,
    /// The close reason received, or the error text.
    pub reason: String,
}

/// A handle to one conversation. Clones talk through the same socket.
#[derive(Clone, Debug)]
pub struct Link {
    outgoing: mpsc::Sender<Outgoing>,
    waiting: Waiting,
    /// OCPP allows one outstanding CALL per direction.
    turn: Arc<tokio::sync::Mutex<()>>,
    transcript: Transcript,
    closed: watch::Receiver<Option<Closed>>,
    tag: u64,
    calls: Arc<AtomicU64>,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Answer>>>>;

#[derive(Debug)]
enum Outgoing {
    Text(String),
    Message(Message),
    Drop,
}

impl Link {
    /// Runs a conversation over an upgraded socket.
    pub(crate) fn run<S>(socket: WebSocketStream<S>, behaviour: impl Behaviour) -> Link
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (outgoing, queue) = mpsc::channel(OUTGOING_MAX);
        let (ended, closed) = watch::channel(None);
        let link = Link {
            outgoing,
            waiting: Waiting::default(),
            turn: Arc::default(),
            transcript: Transcript::begin(),
            closed,
            tag: LINKS.fetch_add(1, Ordering::Relaxed),
            calls: Arc::default(),
        };
        let (waiting, transcript) = (link.waiting.clone(), link.transcript.clone());
        let talk = Talk { socket, behaviour, waiting, transcript };
        tokio::spawn(async move {
            let end = talk.run(queue).await;
            // Nobody is left to hear a failure to tell.
            let _ = ended.send(Some(end));
        });
        link
    }

    /// Sends a call and waits for its answer, at most [`ANSWER_WAIT`].
    ///
    /// # Errors
    ///
    /// [`CallFailure`] when the connection ends or no answer comes.
    pub async fn call(&self, action: &str, payload: Value) -> Result<Answer, CallFailure> {
        let _turn = self.turn.lock().await;
        let id = self.next_id();
        let call = Envelope::Call { id: id.clone(), action: action.to_owned(), payload };
        self.exchange(&id, call.to_text()).await
    }

    /// Sends an OCPP 2.1 SEND, which is never answered.
    ///
    /// # Errors
    ///
    /// [`CallFailure::Closed`] when the connection has ended.
    pub async fn send(&self, action: &str, payload: Value) -> Result<(), CallFailure> {
        let send = Envelope::Send { id: self.next_id(), action: action.to_owned(), payload };
        self.raw(&send.to_text()).await
    }

    /// Sends any text at all and waits for nothing.
    ///
    /// # Errors
    ///
    /// [`CallFailure::Closed`] when the connection has ended.
    pub async fn raw(&self, text: &str) -> Result<(), CallFailure> {
        self.post(Outgoing::Text(text.to_owned())).await
    }

    /// Sends any text and waits for the answer that carries `id`, at most [`ANSWER_WAIT`].
    ///
    /// Does not take a turn: what a hostile peer sends need not keep the order.
    ///
    /// # Errors
    ///
    /// [`CallFailure`] when the connection ends or no answer comes.
    pub async fn ask_raw(&self, id: &str, text: &str) -> Result<Answer, CallFailure> {
        self.exchange(id, text.to_owned()).await
    }

    /// Sends any WebSocket message: binary, ping, close.
    ///
    /// # Errors
    ///
    /// [`CallFailure::Closed`] when the connection has ended.
    pub async fn message(&self, message: Message) -> Result<(), CallFailure> {
        self.post(Outgoing::Message(message)).await
    }

    /// Closes the connection normally and waits until it has ended.
    pub async fn close(&self) -> Closed {
        let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
        // Already closed is as good.
        let _ = self.post(Outgoing::Message(close)).await;
        self.closed().await
    }

    /// Ends the connection as a power cut would: no close frame.
    pub async fn cut(&self) {
        // Already closed is as good.
        let _ = self.post(Outgoing::Drop).await;
    }

    /// As [`Link::cut`], from where nothing can be awaited; lost when the queue is full.
    pub(crate) fn cut_soon(&self) {
        // Already closed is as good.
        let _ = self.outgoing.try_send(Outgoing::Drop);
    }

    /// Waits until the connection has ended and says how.
    pub async fn closed(&self) -> Closed {
        let mut closed = self.closed.clone();
        let ended = closed.wait_for(Option::is_some).await;
        ended.ok().and_then(|end| end.clone()).unwrap_or_else(|| Closed::unknown("task ended"))
    }

    /// Whether the connection is still up, as far as this end knows.
    pub fn is_open(&self) -> bool {
        self.closed.borrow().is_none()
    }

    /// Every text frame of this conversation so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// A message id never used before in this process.
    pub fn next_id(&self) -> String {
        format!("{:x}-{}", self.tag, self.calls.fetch_add(1, Ordering::Relaxed) + 1)
    }

    async fn exchange(&self, id: &str, text: String) -> Result<Answer, CallFailure> {
        let (heard, answer) = oneshot::channel();
        self.lock_waiting().insert(id.to_owned(), heard);
        self.post(Outgoing::Text(text)).await?;
        let result = tokio::time::timeout(ANSWER_WAIT, answer).await;
        self.lock_waiting().remove(id);
        match result {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(CallFailure::Closed),
            Err(_) => Err(CallFailure::Timeout),
        }
    }

    async fn post(&self, outgoing: Outgoing) -> Result<(), CallFailure> {
        self.outgoing.send(outgoing).await.map_err(|_| CallFailure::Closed)
    }

    fn lock_waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closed {
    fn unknown(reason: impl ToString) -> Closed {
        Closed { code: None, reason: reason.to_string() }
    }
}

/// The task's side of a link.
struct Talk<S, B> {
    socket: WebSocketStream<S>,
    behaviour: B,
    waiting: Waiting,
    transcript: Transcript,
}

impl<S, B> Talk<S, B>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Behaviour,
{
    async fn run(mut self, mut queue: mpsc::Receiver<Outgoing>) -> Closed {
        let end = self.converse(&mut queue).await;
        queue.close();
        // Whoever still waits learns that no answer will come.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
        end
    }

    async fn converse(&mut self, queue: &mut mpsc::Receiver<Outgoing>) -> Closed {
        let mut handles_left = true;
        loop {
            let step = tokio::select! {
                outgoing = queue.recv(), if handles_left => match outgoing {
                    Some(Outgoing::Text(text)) => self.say(text).await,
                    Some(Outgoing::Message(message)) => self.socket.send(message).await,
                    Some(Outgoing::Drop) => return Closed::unknown("cut by this end"),
                    // The peer goes on answering after the last handle is gone.
                    None => { handles_left = false; Ok(()) }
                },
                incoming = self.socket.next() => match incoming {
                    Some(Ok(message)) => match self.hear(message).await {
                        Ok(None) => Ok(()),
                        Ok(Some(end)) => return end,
                        Err(error) => Err(error),
                    },
                    Some(Err(error)) => Err(error),
                    None => return Closed::unknown("end of stream"),
                },
            };
            if let Err(error) = step {
                return Closed::unknown(error);
            }
        }
    }

    async fn say(&mut self, text: String) -> Result<(), tokio_websockets::Error> {
        self.transcript.note(Direction::Sent, &text);
        self.socket.send(Message::text(text)).await
    }

    async fn hear(&mut self, message: Message) -> Result<Option<Closed>, tokio_websockets::Error> {
        if let Some((code, reason)) = message.as_close() {
            let end = Closed { code: Some(code.into()), reason: reason.to_owned() };
            // Reading on lets the library finish the closing handshake.
            while let Some(Ok(_)) = self.socket.next().await {}
            return Ok(Some(end));
        }
        let Some(text) = message.as_text() else { return Ok(None) };
        self.transcript.note(Direction::Received, text);
        let Some(envelope) = Envelope::parse(text) else { return Ok(None) };
        match envelope {
            Envelope::Call { id, action, payload } => {
                let reply = match self.behaviour.answer(&action, &payload) {
                    Reply::Result(payload) => Envelope::Result { id, payload }.to_text(),
                    Reply::Error { code, description } => Envelope::Error { id, code, description }.to_text(),
                    Reply::Text(text) => text,
                    Reply::Silence => return Ok(None),
                };
                self.say(reply).await?;
            }
            Envelope::Send { action, payload, .. } => {
                let _never_answered = self.behaviour.answer(&action, &payload);
            }
            Envelope::Result { id, payload } => {
                self.give(&id, Answer::Result { payload, text: text.to_owned() });
            }
            Envelope::Error { id, code, description } => {
                self.give(&id, Answer::Error { code, description, text: text.to_owned() });
            }
            Envelope::ResultError { .. } => {}
        }
        Ok(None)
    }

    fn give(&self, id: &str, answer: Answer) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(waiting) = waiting {
            // Whoever asked may have given up.
            let _ = waiting.send(answer);
        }
    }
}
