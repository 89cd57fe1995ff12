//! Many hands: what does not depend on each other is played at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chargewarden_drill::attack::{Drill, Entry, Job, Stage};

/// Plays all of these entries; what came of each part, in the order of the catalogue.
pub(super) fn play(drill: &Drill, chosen: &[&Entry]) -> Vec<Stage> {
    let jobs: Vec<Job<'_>> = chosen.iter().flat_map(|entry| drill.jobs(entry)).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Stage)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    let work = || {
        while let Some((number, job)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(number).map(|job| (number, *job))
        } {
            let stage = drill.perform(job);
            if let Ok(mut done) = done.lock() {
                done.push((number, stage));
            }
        }
    };
    thread::scope(|scope| {
        let hands = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..hands {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, stage)| stage).collect()
}
