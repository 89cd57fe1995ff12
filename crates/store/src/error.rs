//! What can go wrong with storage, and what to do about it.

use std::path::{Path, PathBuf};

use chargewarden_evidence::{Finding, NoteError};
use rusqlite::ErrorCode;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process uses the directory.
    #[error(
        "`{}` is in use by another process; stop it first: two services must never write one evidence log",
        .path.display()
    )]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The database was written by a newer version.
    #[error(
        "`{}` has schema version {found}, this program knows {known}; run the newer program, or restore a backup",
        .path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version known.
        known: i64,
    },
    /// The file is not one of ours, or is broken.
    #[error("`{}` is not usable: {detail}; restore a backup, or begin anew in an empty directory", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The evidence log is not what it was when last written.
    #[error(
        "the evidence log was tampered with: {finding}; keep a copy for investigation, \
         then restore a backup, or begin anew in an empty directory, with new keys"
    )]
    Tampered {
        /// What was found first.
        finding: Finding,
    },
    /// The evidence log was begun under another name.
    #[error(
        "the evidence log is `{found}`, but the checkpoint key is named `{expected}`; restore the key file that belongs to it"
    )]
    OtherLog {
        /// The name of the key.
        expected: String,
        /// The name of the log.
        found: String,
    },
    /// Reading or writing does not work now: the disk is full, or it failed. It may work again later.
    #[error("storage in `{}` is unavailable: {detail}", .path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What failed.
        detail: String,
    },
    /// A key file that cannot be used.
    #[error("key file `{}`: {detail}", .path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        detail: String,
    },
    /// A public key or checkpoint given.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A statement failed: a defect of this program.
    #[error("`{}`: {source}", .path.display())]
    Statement {
        /// The database.
        path: PathBuf,
        /// What failed.
        source: rusqlite::Error,
    },
    /// The storage has been closed.
    #[error("storage is closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable { path, detail: source.to_string() },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail: source.to_string() }
            }
            _ => Self::Statement { path, source },
        }
    }

    pub(crate) fn io(path: &Path, source: &std::io::Error) -> Self {
        Self::Unavailable { path: path.to_owned(), detail: source.to_string() }
    }
}
