//! Who gets a place.

use std::net::{IpAddr, Ipv4Addr};

use super::*;

fn origin(n: u32) -> Option<Origin> {
    Some(IpAddr::from(Ipv4Addr::from(n)).into())
}

fn doors(change: impl FnOnce(&mut Bounds), now: Instant) -> Arc<Doors> {
    let mut bounds = Bounds { handshakes: 8, handshakes_per_address: 6, ..Bounds::default() };
    change(&mut bounds);
    Arc::new(Doors::new(&bounds, now, RandomState::new()))
}

/// Handshakes and addresses that are left.
fn left(doors: &Doors) -> (usize, usize) {
    let state = doors.lock();
    (state.count, state.open.len())
}

#[test]
fn where_all_are_slow_none_is() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    for n in 0..100 {
        doors.enter(origin(n), now).unwrap().asked(now + SLOW);
    }
    let inside: Vec<_> = (0..8).map(|n| doors.enter(origin(n), now).unwrap()).collect();
    assert_eq!(doors.enter(origin(8), now + SLOW).unwrap_err(), Shut::Handshakes);
    let _newcomer = doors.enter(origin(9), now + SLOW * SLOWER).unwrap();
    assert!(inside[0].displaced().is_cancelled());
}

/// Enters and has to wait.
fn waits(doors: &Arc<Doors>, n: u32, now: Instant) -> oneshot::Receiver<Door> {
    match doors.enter_or_wait(origin(n), now) {
        Ok(Entry::Later(place)) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn those_for_whom_there_is_no_place_have_turns() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    let mut inside: Vec<_> = (0..8).map(|n| doors.enter(origin(n), now).unwrap()).collect();
    let mut greedy: Vec<_> = (0..3).map(|_| waits(&doors, 0, now)).collect();
    let mut modest = waits(&doors, 9, now);
    inside.remove(4);
    let first = greedy[0].try_recv().expect("the first that came");
    assert!(modest.try_recv().is_err() && greedy[1].try_recv().is_err());
    // The next turn is that of another address, though others of the first came before it.
    drop(first);
    let second = modest.try_recv().unwrap();
    assert!(greedy[1].try_recv().is_err());
    drop(second);
    let third = greedy[1].try_recv().unwrap();
    assert_eq!(left(&doors), (8, 7));
    drop(third);
    drop((inside, greedy));
    assert_eq!(left(&doors), (0, 0));
}

#[test]
fn whoever_waits_gets_the_place_of_the_slow() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    let inside: Vec<_> = (0..8).map(|n| doors.enter(origin(n), now).unwrap()).collect();
    let mut place = waits(&doors, 9, now);
    let gone = waits(&doors, 10, now);
    drop(gone);
    doors.serve(now);
    assert!(place.try_recv().is_err() && doors.is_waited_for());
    doors.serve(now + SLOW);
    assert!(place.try_recv().is_ok() && inside[0].displaced().is_cancelled());
    doors.serve(now + SLOW);
    assert!(!doors.is_waited_for() && !inside[2].displaced().is_cancelled(), "nobody waits any more");
}

#[test]
fn an_address_has_its_share() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    let mut first: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
    assert_eq!(doors.enter(origin(1), now).unwrap_err(), Shut::PerAddress);
    first.pop();
    let again = doors.enter(origin(1), now).unwrap();
    assert_eq!(doors.lock().count, 6);
    drop((first, again));
    assert_eq!(left(&doors), (0, 0));
}

#[test]
fn the_slow_make_room_for_their_own_address() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    let slow: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
    slow[0].asked(now);
    let newcomer = doors.enter(origin(1), now + SLOW).unwrap();
    let displaced: Vec<_> = slow.iter().map(|door| door.displaced().is_cancelled()).collect();
    assert_eq!(displaced, [false, true, false, false, false, false], "the oldest that has not asked");
    assert!(!newcomer.displaced().is_cancelled());
    assert_eq!(doors.lock().count, 6);
    drop(slow);
    assert_eq!(doors.lock().count, 1);
}

#[test]
fn when_all_is_full_those_with_many_make_room() {
    let now = Instant::now();
    let doors = doors(|_| {}, now);
    let many: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
    let few: Vec<_> = (0..2).map(|_| doors.enter(origin(2), now).unwrap()).collect();
    let one = doors.enter(origin(3), now).unwrap();
    assert!(many[0].displaced().is_cancelled());
    assert!(few.iter().all(|door| !door.displaced().is_cancelled()));
    many.iter().for_each(|door| door.asked(now));
    let another = doors.enter(origin(4), now).unwrap();
    assert!(few[0].displaced().is_cancelled());
    assert_eq!(doors.enter(origin(5), now).unwrap_err(), Shut::Handshakes, "nobody has more than one");
    // But some are slow.
    let late = doors.enter(origin(5), now + SLOW).unwrap();
    assert!(few[1].displaced().is_cancelled());
    assert_eq!(doors.lock().count, 8);
    drop((one, another, late));
    assert!(doors.enter(origin(6), now).is_ok());
}

#[test]
fn rates_are_bounded_and_strangers_do_not_use_up_each_others() {
    let now = Instant::now();
    let doors = doors(
        |bounds| {
            bounds.handshakes_per_second = 8;
            bounds.handshakes_per_second_per_address = 6;
        },
        now,
    );
    let enter = |n, now| doors.enter(origin(n), now).map(drop);
    assert_eq!((0..6).map(|_| enter(1, now)).collect::<Result<Vec<_>, _>>().map(|_| ()), Ok(()));
    assert_eq!(enter(1, now), Err(Shut::RatePerAddress));
    assert_eq!((enter(2, now), enter(2, now)), (Ok(()), Ok(())));
    assert_eq!(enter(2, now), Err(Shut::Rate));
    assert_eq!(enter(3, now), Ok(()), "an address that was not seen lately");
    let later = now + Duration::from_millis(500);
    assert_eq!((enter(1, later), enter(2, later)), (Ok(()), Ok(())));
}

#[test]
fn a_proxy_says_whom_it_brings() {
    let now = Instant::now();
    let doors = doors(|bounds| bounds.handshakes_per_address = 1, now);
    let mut first = doors.enter(None, now).unwrap();
    let mut second = doors.enter(None, now).unwrap();
    let to = origin(7).unwrap();
    assert_eq!(first.belongs_to(to, now), Ok(()));
    assert_eq!(second.belongs_to(to, now), Err(Shut::PerAddress));
    drop(second);
    assert_eq!(doors.lock().count, 1);
    drop(first);
    assert_eq!(left(&doors), (0, 0));
}
