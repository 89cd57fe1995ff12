//! Which TLS files a reload reads: those of listeners that are open.

use std::path::Path;

use chargewarden_evidence::Hash;
use chargewarden_proxy::{ListenerPlan, ListenerTls};
use sha2::{Digest, Sha256};

/// The files of each listener that is open with TLS and stays so, by its place.
pub(super) fn wanted(open: &[ListenerPlan], read: &[ListenerPlan]) -> Vec<(usize, ListenerTls)> {
    let pairs = open.iter().zip(read).enumerate();
    pairs
        .filter(|(_, (open, read))| stays(open, read))
        .filter_map(|(number, (_, read))| Some((number, read.tls.clone()?)))
        .collect()
}

/// Whether a listener can take over the TLS files of what was read without being opened anew.
pub(super) fn stays(open: &ListenerPlan, read: &ListenerPlan) -> bool {
    open.tls.is_some() && read.tls.is_some() && open.profiles == read.profiles
}

/// What is in force of the listeners once `read` is taken over.
pub(super) fn in_force(open: &[ListenerPlan], read: &[ListenerPlan]) -> Vec<ListenerPlan> {
    let taken = |(number, open): (usize, &ListenerPlan)| match read.get(number) {
        Some(read) if stays(open, read) => ListenerPlan { tls: read.tls.clone(), ..open.clone() },
        Some(_) | None => open.clone(),
    };
    open.iter().enumerate().map(taken).collect()
}

/// Tells whether files are other ones than before: by their names and what is in them. What cannot be read counts as empty; reading
/// it in earnest says what is wrong.
pub(super) fn fingerprint(tls: &ListenerTls) -> Hash {
    let mut hash = Sha256::new();
    hash.update(format!("{tls:?}"));
    let keys = tls.certificates.iter().flat_map(|pair| [&pair.chain, &pair.key]);
    for path in keys.chain(&tls.client_anchors).chain(&tls.crls) {
        let bytes = read(path);
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes.as_slice());
    }
    Hash(hash.finalize().into())
}

fn read(path: &Path) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(std::fs::read(path).unwrap_or_default())
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
