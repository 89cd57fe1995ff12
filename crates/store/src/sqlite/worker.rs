//! A database connection on a thread of its own: work goes in through a bounded channel and is done in groups, one
//! transaction each.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Directory, StoreError};

/// The most jobs that wait. Beyond, whoever has one waits, too: a session each, as a rule.
const JOBS_MAX: usize = 256;
/// The most jobs in one transaction: bounds how long the first of them waits for the others.
const GROUP_MAX: usize = 128;

/// What is done with the connection, and then what is done with the outcome of the commit.
type Job = Box<dyn FnOnce(&Connection) -> Finish + Send>;
type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;

#[derive(Clone, Debug)]
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    path: PathBuf,
}

impl Worker {
    /// Starts the thread. It ends, and lets go of the directory, when the last clone of the worker is dropped.
    pub(super) fn start(
        name: &str,
        path: &Path,
        connection: Connection,
        directory: &Directory,
    ) -> Result<Self, StoreError> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(JOBS_MAX);
        let directory = directory.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let mut group = Vec::with_capacity(GROUP_MAX);
                while let Some(job) = waiting.blocking_recv() {
                    group.push(job);
                    while group.len() < GROUP_MAX
                        && let Ok(job) = waiting.try_recv()
                    {
                        group.push(job);
                    }
                    perform(&connection, &mut group);
                }
                drop(connection);
                drop(directory);
            })
            .map_err(|error| StoreError::io(path, &error))?;
        Ok(Self { jobs, path: path.to_owned() })
    }

    /// Does `work` and answers once its transaction is on disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let path = self.path.clone();
        let job: Job = Box::new(move |connection| {
            let done = work(connection);
            Box::new(move |committed| {
                let outcome = match (done, committed) {
                    (Err(error), _) => Err(StoreError::sqlite(&path, error)),
                    (Ok(_), Err(detail)) => Err(StoreError::Unavailable { path, detail }),
                    (Ok(value), Ok(())) => Ok(value),
                };
                // Whoever asked may have gone.
                let _ = answer.send(outcome);
            })
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn perform(connection: &Connection, group: &mut Vec<Job>) {
    let begun = connection.execute_batch("BEGIN");
    let finishes: Vec<Finish> = group.drain(..).map(|job| job(connection)).collect();
    let committed =
        begun.and_then(|()| connection.execute_batch("COMMIT")).map_err(|error| error.to_string());
    if committed.is_err() && !connection.is_autocommit() {
        // The answer to each job says what happened.
        let _ = connection.execute_batch("ROLLBACK");
    }
    for finish in finishes {
        finish(committed.clone());
    }
}
