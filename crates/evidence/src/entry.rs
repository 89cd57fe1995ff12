//! An entry of the log: a record in its place.
//!
//! ```text
//! length  u32, big-endian   of all that follows
//! seq     u64, big-endian   counted from 0
//! prev    32 bytes          hash of the entry before; of the first entry: the log's genesis
//! record  the rest          canonical bytes
//! ```
//!
//! The hash of an entry is the RFC 6962 leaf hash over seq, prev and record, so an entry is both a link of the chain and a
//! leaf of the tree. Entries stand one after another in what is stored and exchanged.

use sha2::{Digest, Sha256};

use crate::{Hash, merkle};

/// Bytes in front of the record.
pub const HEADER_BYTES: usize = 4 + 8 + 32;

/// The longest record that is accepted. The longest frame is 128 KiB by default; its effects can take several times that.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// One entry, still in the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The place in the log, counted from 0.
    pub seq: u64,
    /// The hash of the entry before.
    pub prev: Hash,
    /// The record's canonical bytes.
    pub record: &'a [u8],
    /// The hash of this entry.
    pub hash: Hash,
}

/// Bytes that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes at offset {offset} are no entry")]
pub struct NotAnEntry {
    /// Offset in the bytes given.
    pub offset: usize,
}

/// The `prev` of the first entry of the log named `origin`: entries of one log can never stand in another.
pub fn genesis(origin: &str) -> Hash {
    Hash(Sha256::new().chain_update("chargewarden log v1\n").chain_update(origin).finalize().into())
}

/// Appends an entry with room for its header, which [`seal`] fills once its place is known.
pub fn reserve(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    write(out);
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Fills in the headers of reserved entries, the first of which is number `seq` and follows `prev`. Hands the hash of each
/// to `each` and returns the last one; `prev` when there is none.
pub fn seal(
    entries: &mut [u8],
    seq: u64,
    prev: Hash,
    mut each: impl FnMut(Hash),
) -> Result<Hash, NotAnEntry> {
    let (mut seq, mut prev, mut offset) = (seq, prev, 0);
    while offset < entries.len() {
        let entry =
            bounds(entries, offset).and_then(|range| entries.get_mut(range)).ok_or(NotAnEntry { offset })?;
        let (header, _) = entry.split_first_chunk_mut::<40>().ok_or(NotAnEntry { offset })?;
        let (place, link) = header.split_at_mut(8);
        place.copy_from_slice(&seq.to_be_bytes());
        link.copy_from_slice(&prev.0);
        prev = merkle::leaf_hash(entry);
        each(prev);
        seq += 1;
        offset += 4 + entry.len();
    }
    Ok(prev)
}

/// Reads entries that stand one after another. Ends after the first bytes that are none.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, NotAnEntry>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let offset = next.take().filter(|offset| *offset < bytes.len())?;
        let entry = bounds(bytes, offset).and_then(|range| {
            next = Some(range.end);
            open(bytes.get(range)?)
        });
        if entry.is_none() {
            next = None;
        }
        Some(entry.ok_or(NotAnEntry { offset }))
    })
}

fn bounds(bytes: &[u8], offset: usize) -> Option<std::ops::Range<usize>> {
    let length = u32::from_be_bytes(*bytes.get(offset..)?.first_chunk()?);
    let start = offset + 4;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end <= bytes.len()).then_some(start..end)
}

fn open(leaf: &[u8]) -> Option<Entry<'_>> {
    let (seq, rest) = leaf.split_first_chunk::<8>()?;
    let (prev, record) = rest.split_first_chunk::<32>()?;
    (record.len() <= RECORD_BYTES_MAX).then(|| Entry {
        seq: u64::from_be_bytes(*seq),
        prev: Hash(*prev),
        record,
        hash: merkle::leaf_hash(leaf),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_entries_read_back_as_a_chain() {
        let mut bytes = Vec::new();
        for record in ["one", "", "three"] {
            reserve(&mut bytes, |out| out.extend_from_slice(record.as_bytes()));
        }
        let mut hashes = Vec::new();
        let last = seal(&mut bytes, 7, genesis("log"), |hash| hashes.push(hash)).unwrap();
        let entries: Vec<_> = read(&bytes).map(Result::unwrap).collect();
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(
            entries.iter().map(|entry| entry.record).collect::<Vec<_>>(),
            [b"one" as &[u8], b"", b"three"]
        );
        assert_eq!(entries.iter().map(|entry| entry.hash).collect::<Vec<_>>(), hashes);
        assert_eq!(
            entries.iter().map(|entry| entry.prev).collect::<Vec<_>>(),
            [genesis("log"), hashes[0], hashes[1]]
        );
        assert_eq!(last, hashes[2]);
    }

    #[test]
    fn broken_bytes_end_the_reading() {
        let mut bytes = Vec::new();
        reserve(&mut bytes, |out| out.extend_from_slice(b"whole"));
        let whole = bytes.len();
        bytes.extend_from_slice(&[0, 0, 0, 200, 1]);
        let read: Vec<_> = read(&bytes).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], Err(NotAnEntry { offset: whole }));
        assert_eq!(seal(&mut bytes, 0, genesis("log"), |_| {}), Err(NotAnEntry { offset: whole }));
    }
}
