//! Opinions on questions that were asked before.
//!
//! Cedar is a function of policies and request: the same bundle, effect and values give the same opinion. A fleet
//! asks the same few questions all day ("the clock is 0 s off, is that right?"), and remembering the answer costs a
//! fiftieth of evaluating it. Each thread remembers for itself, so nobody waits for a lock. What a peer can do about it is
//! to ask new questions, which then cost what they would cost anyway.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::ruling::Opinion;

/// Questions remembered by one thread: about 1 MiB. Then it forgets them all and begins anew.
const QUESTIONS_MAX: usize = 4096;
/// Longest question worth remembering, in bytes; a longer one has texts that will hardly come again.
const QUESTION_BYTES_MAX: usize = 1024;

#[derive(Default)]
struct Memory {
    /// Where questions are written, to be used again.
    paper: Vec<u8>,
    opinions: HashMap<Box<[u8]>, Opinion>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The opinion on the question that `ask` writes; found by `find` when it is asked for the first time.
pub(crate) fn recall(ask: impl FnOnce(&mut Vec<u8>), find: impl FnOnce() -> Opinion) -> Opinion {
    let mut question = MEMORY.with_borrow_mut(|memory| std::mem::take(&mut memory.paper));
    question.clear();
    ask(&mut question);
    let known = MEMORY.with_borrow(|memory| memory.opinions.get(question.as_slice()).cloned());
    let opinion = known.unwrap_or_else(|| {
        let opinion = find();
        if question.len() <= QUESTION_BYTES_MAX {
            MEMORY.with_borrow_mut(|memory| {
                if memory.opinions.len() >= QUESTIONS_MAX {
                    memory.opinions.clear();
                }
                memory.opinions.insert(question.as_slice().into(), opinion.clone());
            });
        }
        opinion
    });
    question.shrink_to(QUESTION_BYTES_MAX);
    MEMORY.with_borrow_mut(|memory| memory.paper = question);
    opinion
}
