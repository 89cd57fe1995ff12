//! What one end of a conversation sent and received, in order.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Envelope;

/// Lines kept per transcript; a longer conversation drops its oldest half, and counts them.
const LINES_MAX: usize = 65_536;

/// Seen from the end that keeps the transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This end sent it.
    Sent,
    /// This end received it.
    Received,
}

/// One text frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Time since the transcript was begun.
    pub at: Duration,
    /// Sent or received by this end.
    pub direction: Direction,
    /// The text exactly as it was on the wire.
    pub text: String,
}

/// A shared, growing list of [`Line`]s. Clones share the same list.
#[derive(Clone)]
pub struct Transcript {
    begun: Instant,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<Line>,
    dropped: usize,
}

impl Transcript {
    pub(crate) fn begin() -> Transcript {
        Transcript { begun: Instant::now(), kept: Arc::default() }
    }

    pub(crate) fn note(&self, direction: Direction, text: &str) {
        let line = Line { at: self.begun.elapsed(), direction, text: text.to_owned() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lines.len() >= LINES_MAX {
            kept.lines.drain(..LINES_MAX / 2);
            kept.dropped += LINES_MAX / 2;
        }
        kept.lines.push(line);
    }

    /// A copy of all lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// The texts this end received, in order.
    pub fn received(&self) -> Vec<String> {
        self.texts(Direction::Received)
    }

    /// The texts this end sent, in order.
    pub fn sent(&self) -> Vec<String> {
        self.texts(Direction::Sent)
    }

    /// How many calls of `action` this end received.
    pub fn received_calls(&self, action: &str) -> usize {
        let texts = self.received();
        let envelopes = texts.iter().filter_map(|text| Envelope::parse(text));
        envelopes.filter(|envelope| envelope.action() == Some(action)).count()
    }

    /// Lines so far, those dropped for length included.
    pub fn count(&self) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.dropped + kept.lines.len()
    }

    fn texts(&self, direction: Direction) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = kept.lines.iter().filter(|line| line.direction == direction);
        wanted.map(|line| line.text.clone()).collect()
    }
}

/// One line per frame: `->` sent, `<-` received. Readable in a failing test.
impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            let arrow = match line.direction {
                Direction::Sent => "->",
                Direction::Received => "<-",
            };
            writeln!(f, "{:>9.3}s {arrow} {}", line.at.as_secs_f64(), line.text)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("lines", &self.count()).finish()
    }
}
