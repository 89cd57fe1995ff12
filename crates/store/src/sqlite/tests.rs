use super::*;
use crate::{Credential, conformance};

#[tokio::test]
async fn conforms() {
    let place = tempfile::tempdir().unwrap();
    let directory = Directory::open(place.path()).unwrap();
    let mut journal = SqliteJournal::open(&directory).unwrap();
    let store = SqliteStore::open(&directory).unwrap();
    conformance::check_store(&store).await.unwrap();
    conformance::check_evidence(&mut journal, &store).await.unwrap();
}

#[tokio::test]
async fn what_was_put_is_there_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let state = StationState { version: 3, value: "{}".to_owned() };
    {
        let store = SqliteStore::open(&Directory::open(place.path()).unwrap()).unwrap();
        store.put_state("CS-1", state.clone()).await.unwrap();
    }
    let directory = wait_for(place.path());
    let store = SqliteStore::open(&directory).unwrap();
    assert_eq!(store.state("CS-1").await.unwrap(), Some(state));
}

/// The threads let go of the directory a moment after the last handle.
fn wait_for(path: &std::path::Path) -> Directory {
    for _ in 0..500 {
        match Directory::open(path) {
            Err(StoreError::InUse { .. }) => std::thread::sleep(std::time::Duration::from_millis(10)),
            other => return other.unwrap(),
        }
    }
    panic!("the directory stays locked");
}

#[tokio::test]
async fn many_at_once_share_transactions_and_all_are_answered() {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Directory::open(place.path()).unwrap()).unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let state = StationState { version: number, value: "{}".to_owned() };
                store.put_state(&format!("CS-{number}"), state).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.state("CS-999").await.unwrap().unwrap().version, 999);
}

#[test]
fn a_credential_is_never_printed() {
    assert_eq!(format!("{:?}", Credential::from_phc("$argon2id$secret".to_owned())), "Credential(..)");
}
