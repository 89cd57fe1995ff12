//! Certificates, keys and revocation lists from files, with every problem said by its key.

use std::path::{Path, PathBuf};

use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer},
    sign::CertifiedKey,
};

use crate::{
    directory::KeyPairFiles,
    tls::{TlsProblem, files},
};

/// What is wrong with a file that a TLS setting names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// The setting within its section, such as `anchors[0]`.
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// Collects problems under the names of settings.
#[derive(Debug, Default)]
pub(crate) struct FileProblems(pub(crate) Vec<FileProblem>);

impl FileProblems {
    pub(crate) fn add(&mut self, key: impl Into<String>, what: impl Into<String>) {
        self.0.push(FileProblem { key: key.into(), what: what.into() });
    }

    /// What was read, or a problem under its key.
    fn some<T>(&mut self, key: &str, read: Result<T, TlsProblem>) -> Option<T> {
        read.map_err(|problem| self.add(key, said(&problem))).ok()
    }
}

/// A problem with its cause.
pub(super) fn said(problem: &TlsProblem) -> String {
    match std::error::Error::source(problem) {
        Some(cause) => format!("{problem}: {cause}"),
        None => problem.to_string(),
    }
}

/// The certificates of PEM files, each with the setting that named its file.
pub(super) fn certificates(
    key: &str,
    paths: &[PathBuf],
    problems: &mut FileProblems,
) -> Vec<(String, CertificateDer<'static>)> {
    read_all(key, paths, files::certificates, problems)
}

/// The revocation lists of PEM or DER files, each with the setting that named its file.
pub(super) fn revocation_lists(
    key: &str,
    paths: &[PathBuf],
    problems: &mut FileProblems,
) -> Vec<(String, CertificateRevocationListDer<'static>)> {
    read_all(key, paths, files::revocation_lists, problems)
}

fn read_all<T>(
    key: &str,
    paths: &[PathBuf],
    read: fn(&Path) -> Result<Vec<T>, TlsProblem>,
    problems: &mut FileProblems,
) -> Vec<(String, T)> {
    let mut all = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let key = format!("{key}[{number}]");
        let found = problems.some(&key, read(path)).unwrap_or_default();
        all.extend(found.into_iter().map(|one| (key.clone(), one)));
    }
    all
}

/// A chain with its key, known to belong together.
pub(super) fn key_pair(
    pair: &KeyPairFiles,
    provider: &CryptoProvider,
    problems: &mut FileProblems,
) -> Option<CertifiedKey> {
    let chain = problems.some("certificate", files::certificates(&pair.chain));
    let key = problems.some("key", files::key(&pair.key));
    let path = pair.key.display();
    match CertifiedKey::from_der(chain?, key?, provider) {
        Ok(pair) => Some(pair),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let what =
                format!("`{path}` is not the key of the first certificate in `{}`", pair.chain.display());
            problems.add("key", what);
            None
        }
        Err(error) => {
            problems.add("key", format!("`{path}` cannot be used: {error}"));
            None
        }
    }
}
