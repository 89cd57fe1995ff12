//! Whatever is done to a log behind its back is found.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "tests")]

use chargewarden_evidence::entry::{genesis, read, reserve, seal};
use chargewarden_evidence::{Checkpoint, Finding, Frontier, NoteSigner, Verification, Verifier};
use proptest::prelude::*;
use proptest::sample::Index;

const ORIGIN: &str = "cso.example/evidence";

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN, &[7; 32]).unwrap()
}

/// A log, entry by entry, and a checkpoint of all of it.
fn log(records: &[Vec<u8>]) -> (Vec<Vec<u8>>, String) {
    let mut bytes = Vec::new();
    for record in records {
        reserve(&mut bytes, |out| out.extend_from_slice(record));
    }
    let mut frontier = Frontier::new();
    seal(&mut bytes, 0, genesis(ORIGIN), |hash| frontier.push(hash)).unwrap();
    (split(&bytes), Checkpoint::of(ORIGIN, &frontier).sign(&signer()))
}

fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let Some(length) = bytes.first_chunk() {
        let (entry, rest) = bytes.split_at(4 + u32::from_be_bytes(*length) as usize);
        entries.push(entry.to_vec());
        bytes = rest;
    }
    entries
}

fn verify(entries: &[Vec<u8>], notes: &[&str]) -> Verification {
    let mut verifier = Verifier::new(ORIGIN);
    for note in notes {
        verifier.checkpoint(note, "the checkpoint", signer().public());
    }
    for entry in read(&entries.concat()) {
        match entry {
            Ok(entry) => verifier.entry(&entry),
            Err(problem) => verifier.stored(problem.to_string()),
        }
    }
    verifier.finish(None)
}

/// Gives entries new numbers and links, as somebody would who knows the format.
fn reseal(entries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut bytes = entries.concat();
    seal(&mut bytes, 0, genesis(ORIGIN), |_| {}).unwrap();
    split(&bytes)
}

fn numbered(count: u8) -> (Vec<Vec<u8>>, String) {
    log(&(0..count).map(|number| vec![number; 3]).collect::<Vec<_>>())
}

#[test]
fn an_untouched_log_is_confirmed() {
    let (entries, note) = numbered(9);
    let verification = verify(&entries, &[&note]);
    assert!(verification.is_clean(), "{:?}", verification.findings);
    assert_eq!((verification.entries, verification.confirmed, verification.confirmed_size), (9, 1, 9));
}

#[test]
fn says_precisely_what_was_done() {
    let (entries, note) = numbered(9);
    let check = |done: &str, entries: &[Vec<u8>], found: &[&str]| {
        let findings: Vec<_> = verify(entries, &[&note]).findings.iter().map(Finding::to_string).collect();
        assert_eq!(findings, found, "{done}");
    };

    let rewritten =
        "the log is not the one of which the checkpoint was signed: something in entries 0 to 8 was changed";
    let mut changed = entries.clone();
    *changed[4].last_mut().unwrap() ^= 1;
    check("changed", &changed, &["entry 4 was changed, or what its successor says about it", rewritten]);
    check("changed and resealed", &reseal(&changed), &[rewritten]);

    let mut dropped = entries.clone();
    dropped.remove(4);
    check("dropped", &dropped, &["entry 4 is missing"]);
    dropped.remove(4);
    check("two dropped", &dropped, &["entries 4 to 5 are missing"]);
    check(
        "dropped and resealed",
        &reseal(&dropped),
        &["the log ends after 7 entries, but the checkpoint was signed for 9"],
    );

    let mut swapped = entries.clone();
    swapped.swap(3, 5);
    check("swapped", &swapped, &["entry 4 stands in the wrong place", "entry 3 stands in the wrong place"]);
    check("swapped and resealed", &reseal(&swapped), &[rewritten]);

    let mut twice = entries.clone();
    twice.insert(3, twice[2].clone());
    check("duplicated", &twice, &["entry 2 is there more than once"]);

    check("truncated", &entries[..6], &["the log ends after 6 entries, but the checkpoint was signed for 9"]);
}

#[test]
fn a_rewritten_log_is_narrowed_down_between_checkpoints() {
    let (entries, last) = numbered(9);
    let (_, first) = numbered(3);
    let mut changed = entries.clone();
    *changed[4].last_mut().unwrap() ^= 1;
    let findings = verify(&reseal(&changed), &[&last, &first]).findings;
    assert_eq!(findings, [Finding::Rewritten { after: 3, size: 9, source: "the checkpoint".into() }]);
}

#[test]
fn checkpoints_that_do_not_count_say_why() {
    let (entries, note) = numbered(2);
    let (_, other_history) = log(&[b"x".to_vec(), b"y".to_vec()]);
    assert!(matches!(
        verify(&entries, &[&note, &other_history]).findings[0],
        Finding::Forked { size: 2, .. }
    ));

    let mallory = NoteSigner::new(ORIGIN, &[8; 32]).unwrap();
    let mut frontier = Frontier::new();
    read(&entries.concat()).for_each(|entry| frontier.push(entry.unwrap().hash));
    let foreign = Checkpoint::of(ORIGIN, &frontier).sign(&mallory);
    let findings = verify(&entries, &[&foreign]).findings;
    assert!(
        findings[0].to_string().starts_with("the checkpoint: not signed by `cso.example/evidence+"),
        "{findings:?}"
    );

    let elsewhere = Checkpoint::of("cnp.example/evidence", &frontier).sign(&signer());
    assert!(matches!(&verify(&entries, &[&elsewhere]).findings[0], Finding::OtherLog { .. }));

    let forged = note.replace("\n2\n", "\n3\n");
    let findings = verify(&entries, &[&forged]).findings;
    assert!(findings[0].to_string().contains("changed or forged"), "{findings:?}");
}

#[test]
fn entries_of_another_log_are_found() {
    let mut bytes = Vec::new();
    reserve(&mut bytes, |out| out.push(b'x'));
    seal(&mut bytes, 0, genesis("cnp.example/evidence"), |_| {}).unwrap();
    assert_eq!(verify(&split(&bytes), &[]).findings, [Finding::Changed { seq: 0 }]);
}

#[derive(Clone, Debug)]
enum Tampering {
    Flip(Index, u8),
    Drop(Index),
    Duplicate(Index, Index),
    Swap(Index, Index),
    Truncate(Index),
    Empty,
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Tampering::Flip(at, bit)),
        any::<Index>().prop_map(Tampering::Drop),
        (any::<Index>(), any::<Index>()).prop_map(|(which, to)| Tampering::Duplicate(which, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Tampering::Swap(one, other)),
        any::<Index>().prop_map(Tampering::Truncate),
        Just(Tampering::Empty),
    ]
}

fn apply(tampering: &Tampering, entries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut entries = entries.to_vec();
    match tampering {
        Tampering::Flip(at, bit) => {
            let mut bytes = entries.concat();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            entries = vec![bytes];
        }
        Tampering::Drop(which) => {
            entries.remove(which.index(entries.len()));
        }
        Tampering::Duplicate(which, to) => {
            let copy = entries[which.index(entries.len())].clone();
            entries.insert(to.index(entries.len() + 1), copy);
        }
        Tampering::Swap(one, other) => {
            let (one, other) = (one.index(entries.len()), other.index(entries.len()));
            entries.swap(one, other);
        }
        Tampering::Truncate(at) => entries.truncate(at.index(entries.len())),
        Tampering::Empty => entries.clear(),
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_single_tampering_is_found(
        records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..30),
        tampering in tampering(),
        resealed in any::<bool>(),
    ) {
        let (entries, note) = log(&records);
        let mut tampered = apply(&tampering, &entries);
        if resealed && !matches!(tampering, Tampering::Flip(..)) {
            tampered = reseal(&tampered);
        }
        let clean = verify(&tampered, &[&note]).is_clean();
        // What was done may have been nothing (swapping an entry with itself), or an entry properly appended behind the
        // last checkpoint, which only the next checkpoint can tell.
        let (tampered, original) = (tampered.concat(), entries.concat());
        prop_assert_eq!(clean, tampered == original || (resealed && tampered.starts_with(&original)));
    }
}
