//! What every implementation of [`Store`] and [`Journal`] must do, as functions that its tests call. They panic on the first
//! thing that is not as it should be.

use chargewarden_evidence::entry::{self, genesis};
use chargewarden_evidence::{Frontier, IndexNote, Stamp};

use crate::{
    Chunk, Credential, Journal, LogEnd, Marks, Query, SignedCheckpoint, Source, Station, StationChange,
    StationState, Store, StoreError, Upstream,
};

/// Inventory, states and settings. The store must be empty.
pub async fn check_store(store: &dyn Store) -> Result<(), StoreError> {
    assert_eq!(store.stations().await?, []);
    assert_eq!(store.station("CS-1").await?, None);
    let station = Station {
        id: "CS-1".to_owned(),
        owner: "cso".to_owned(),
        parties: vec!["cso".to_owned(), "cnp".to_owned()],
        site: Some("harbour".to_owned()),
        groups: ["dc", "public"].map(str::to_owned).into(),
        area: None,
        evses: Some(2),
        evse_max_w: Some(22_080),
        max_w: None,
        versions: ["1.6".to_owned()].into(),
        credential: Some(Credential::from_phc("$argon2id$v=19$m=8,t=1,p=1$AAAA$BBBB".to_owned())),
        csms: Some("main".to_owned()),
        profile: 3,
        unauthenticated_until: None,
        proposed: None,
        proposed_deferred: false,
        factory: true,
        quarantine: Some("moved without notice".to_owned()),
        certificate_name: Some("SN-1".to_owned()),
        sources: vec!["10.0.0.0/8".to_owned()],
        tolerances: ["any-user-name".to_owned()].into(),
        source: Source::Command,
        file_credential: None,
        upstream: Some(Upstream { identity: Some("ABC".to_owned()), ..Upstream::default() }),
    };
    // Ids that differ in case or in a trailing space are different stations.
    let like = Station { id: "cs-1".to_owned(), credential: None, ..station.clone() };
    let spaced = Station { id: "CS-1 ".to_owned(), area: Some("north".to_owned()), ..station.clone() };
    for station in [&spaced, &like, &station] {
        store.put_station(station).await?;
    }
    assert_eq!(store.station("CS-1").await?.as_ref(), Some(&station));
    assert_eq!(store.stations().await?, [station.clone(), spaced, like]);
    let changed = Station { site: None, ..station };
    store.put_station(&changed).await?;
    assert_eq!(store.station("CS-1").await?, Some(changed));

    assert_eq!(store.marks("CS-1").await?, None);
    let marks = Marks { profile: 3, tls: Some("1.3".to_owned()), at_ms: -1, ..Marks::default() };
    store.put_marks("CS-1", &Marks::default()).await?;
    store.put_marks("CS-1", &marks).await?;
    assert_eq!(store.marks("CS-1").await?, Some(marks.clone()));
    store.forget_marks("CS-1").await?;
    assert_eq!(store.marks("CS-1").await?, None);
    store.put_marks("CS-1", &marks).await?;

    assert_eq!(store.state("CS-1").await?, None);
    for version in [1, 2] {
        let state = StationState { version, value: format!("{{\"boot\":{version},\"name\":\"ü\\u0000\"}}") };
        store.put_state("CS-1", state.clone()).await?;
        assert_eq!(store.state("CS-1").await?, Some(state));
    }
    assert_eq!(store.state("cs-1").await?, None);
    assert!(store.remove_station("CS-1").await?);
    assert!(!store.remove_station("CS-1").await?);
    assert_eq!(store.station("CS-1").await?, None);
    assert_eq!(store.state("CS-1").await?, None);
    assert_eq!(store.marks("CS-1").await?, None);

    check_changes(store).await?;

    assert_eq!(store.setting("mode").await?, None);
    store.put_setting("mode", "one").await?;
    store.put_setting("mode", "two").await?;
    assert_eq!(store.setting("mode").await?.as_deref(), Some("two"));
    Ok(())
}

/// Several changes at once.
async fn check_changes(store: &dyn Store) -> Result<(), StoreError> {
    let before = store.stations().await?;
    let Some(one) = before.first().cloned() else { return Ok(()) };
    let two = Station { id: "CS-2".to_owned(), ..one.clone() };
    let changed = Station { site: Some("elsewhere".to_owned()), ..one.clone() };
    for id in [&one.id, &two.id] {
        store.put_state(id, StationState { version: 1, value: "{}".to_owned() }).await?;
        store.put_marks(id, &Marks { profile: 3, ..Marks::default() }).await?;
    }
    store.change_stations(vec![StationChange::Put(changed.clone()), StationChange::Add(two.clone())]).await?;
    assert_eq!(store.station(&one.id).await?, Some(changed));
    assert!(store.state(&one.id).await?.is_some(), "a changed station is remembered");
    assert_eq!(store.station("CS-2").await?, Some(two));
    assert_eq!(store.state("CS-2").await?, None, "a new station is a new one");
    assert_eq!(store.marks("CS-2").await?, None, "a new station is a new one");
    store.put_marks("CS-2", &Marks::default()).await?;
    let back = vec![StationChange::Remove("CS-2".to_owned()), StationChange::Put(one)];
    store.change_stations(back).await?;
    assert_eq!(store.stations().await?, before);
    assert_eq!(store.marks("CS-2").await?, None);
    store.change_stations(vec![StationChange::Remove("CS-2".to_owned())]).await
}

/// The evidence log, written through `journal` and read back through both. Both must be empty and of the same storage.
pub async fn check_evidence(journal: &mut impl Journal, store: &dyn Store) -> Result<(), StoreError> {
    assert_eq!(journal.begin("log/one", "key")?, "log/one");
    assert_eq!(journal.begin("log/two", "key")?, "log/one", "the name of a log does not change");
    assert_eq!((journal.end()?, journal.chunk_from(0)?, journal.latest_checkpoint()?), (None, None, None));
    assert_eq!(store.log_size().await?, 0);
    assert_eq!(store.find(&Query::default()).await?, []);

    let mut end = LogEnd { head: genesis("log/one"), frontier: Frontier::new() };
    for count in [1, 3, 2] {
        let first = end.frontier.size();
        let mut entries = Vec::new();
        for number in first..first + count {
            entry::reserve(&mut entries, |out| out.extend_from_slice(format!("record {number}").as_bytes()));
        }
        let sealed = entry::seal(&mut entries, first, end.head, |hash| end.frontier.push(hash));
        assert!(sealed.map(|head| end.head = head).is_ok());
        let reason = if first == 0 { "start" } else { "policy" };
        let note = |seq: u64| IndexNote {
            at: Stamp::from_millis(1000),
            station: format!("CS-{seq}"),
            kind: "message",
            action: "Reset".to_owned(),
            verdict: "refuse",
            reason: reason.to_owned(),
        };
        let checkpoint = SignedCheckpoint { size: first + count, note: format!("note {}", first + count) };
        let chunk = Chunk {
            first,
            count,
            entries: &entries,
            end: &end,
            index: &[(first, note(first))],
            checkpoint: (count == 3).then_some(&checkpoint),
        };
        journal.commit(&chunk)?;
        assert_eq!(journal.end()?.as_ref(), Some(&end));
        let stored = journal.chunk_from(first)?;
        assert_eq!(stored.as_ref().map(|chunk| (chunk.first, chunk.count)), Some((first, count)));
        assert_eq!(
            stored.map(|chunk| (chunk.entries, chunk.end)),
            Some((entries.clone(), Some(end.clone())))
        );
        assert!(journal.commit(&chunk).is_err(), "an entry is never written over");
        assert_eq!(journal.end()?.as_ref(), Some(&end));
    }
    assert_eq!(journal.chunk_from(2)?.map(|chunk| chunk.first), Some(1));
    assert_eq!(journal.chunk_from(6)?, None);
    assert_eq!(journal.end_before(0)?, None);
    assert_eq!(journal.end_before(3)?.map(|end| end.frontier.size()), Some(1));
    assert_eq!(journal.end_before(4)?.map(|end| end.frontier.size()), Some(4));
    assert_eq!(journal.latest_checkpoint()?.as_deref(), Some("note 4"));
    journal.commit_checkpoint(&SignedCheckpoint { size: 6, note: "note 6".to_owned() })?;
    assert_eq!(store.latest_checkpoint().await?.as_deref(), Some("note 6"));

    assert_eq!(store.log_size().await?, 6);
    let read = store.entries(2, 3).await?;
    assert_eq!(read.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(read.first().map(|entry| entry.record.as_slice()), Some(b"record 2".as_slice()));
    assert_eq!(store.entries(5, 10).await?.last().map(|entry| entry.hash), Some(end.head));
    assert_eq!(store.entries(6, 10).await?, []);

    let found = async |query: Query| -> Result<Vec<u64>, StoreError> {
        Ok(store.find(&query).await?.iter().map(|found| found.seq).collect())
    };
    assert_eq!(found(Query::default()).await?, [4, 1, 0]);
    assert_eq!(found(Query { before: Some(4), limit: 1, ..Query::default() }).await?, [1]);
    assert_eq!(found(Query { station: Some("CS-1".to_owned()), ..Query::default() }).await?, [1]);
    assert_eq!(found(Query { reason: Some("policy".to_owned()), ..Query::default() }).await?, [4, 1]);
    assert_eq!(found(Query { kind: Some("bundle".to_owned()), ..Query::default() }).await?, [] as [u64; 0]);
    Ok(())
}
