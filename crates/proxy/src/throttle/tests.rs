//! Who may try again when.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LENIENCY: Leniency =
    Leniency { per_address: 10, per_station: 5, delay_max: Duration::from_secs(5 * 60) };

fn throttle() -> Throttle {
    Throttle::new(LENIENCY, RandomState::new())
}

fn origin(n: u32) -> Origin {
    IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n)).into()
}

fn id(text: &str) -> StationId {
    StationId::parse(text).unwrap()
}

#[test]
fn delays_double_up_to_the_longest() {
    let delays: Vec<u64> = (0..12).map(|n| delay(n, LENIENCY.delay_max).as_secs()).collect();
    assert_eq!(delays, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert_eq!(delay(u32::MAX, LENIENCY.delay_max), LENIENCY.delay_max);
}

#[test]
fn an_address_that_guesses_one_id_is_slowed_down() {
    let (mut throttle, now, cs) = (throttle(), Instant::now(), id("CS-1"));
    for _ in 0..LENIENCY.per_station {
        assert_eq!(throttle.judge(origin(1), &cs, now), None);
        throttle.failed(origin(1), &cs, now);
    }
    assert_eq!(throttle.judge(origin(1), &cs, now), None);
    throttle.failed(origin(1), &cs, now);
    let too_early = Some(TooEarly { reason: Reason::TooManyAttempts, wait: SECOND });
    assert_eq!(throttle.judge(origin(1), &cs, now), too_early);
    assert_eq!(throttle.judge(origin(1), &cs, now + SECOND), None);
    // Another address is not touched by it, nor is another id.
    assert_eq!(throttle.judge(origin(2), &cs, now), None);
    assert_eq!(throttle.judge(origin(1), &id("CS-2"), now), None);
}

#[test]
fn an_id_that_many_addresses_guess_is_throttled_for_those_who_failed_it() {
    let (mut throttle, now, cs) = (throttle(), Instant::now(), id("CS-1"));
    for n in 0..8 {
        throttle.failed(origin(n), &cs, now);
    }
    let judged = throttle.judge(origin(3), &cs, now);
    assert_eq!(judged, Some(TooEarly { reason: Reason::StationThrottled, wait: 4 * SECOND }));
    assert_eq!(throttle.judge(origin(99), &cs, now), None, "a first attempt is always looked at");
}

#[test]
fn an_address_that_guesses_many_ids_is_slowed_down_at_those_it_failed() {
    let (mut throttle, now) = (throttle(), Instant::now());
    let ids: Vec<_> = (0..13).map(|n| id(&format!("CS-{n}"))).collect();
    ids.iter().for_each(|id| throttle.failed(origin(1), id, now));
    let judged = throttle.judge(origin(1), &ids[0], now);
    assert_eq!(judged, Some(TooEarly { reason: Reason::TooManyAttempts, wait: 4 * SECOND }));
    assert_eq!(throttle.judge(origin(1), &id("NEVER-TRIED"), now), None);
    assert_eq!(throttle.judge(origin(2), &ids[0], now), None);
}

#[test]
fn proving_an_id_forgets_ones_own_failures_only() {
    let (mut throttle, now, cs) = (throttle(), Instant::now(), id("CS-1"));
    for n in 0..20 {
        throttle.failed(origin(n % 2), &cs, now);
    }
    throttle.proved(origin(0), &cs);
    assert_eq!(throttle.judge(origin(0), &cs, now), None);
    assert!(throttle.judge(origin(1), &cs, now).is_some());
}

#[test]
fn everything_is_forgotten_in_the_end() {
    let (mut throttle, now, cs) = (throttle(), Instant::now(), id("CS-1"));
    (0..10_000).for_each(|_| throttle.failed(origin(1), &cs, now));
    let most = LENIENCY.per_address + COUNTED_MAX;
    let later = now + LENIENCY.delay_max * most;
    assert_eq!(throttle.addresses.get(origin(1)).unwrap().weight(later), 0);
    assert_eq!(throttle.judge(origin(1), &cs, later), None);
}

/// What an attacker does next.
#[derive(Debug, Clone)]
struct Attempt {
    origin: u32,
    station: u8,
    pause_ms: u64,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (0..6_u32, 0..3_u8, prop_oneof![4 => 0..2_000_u64, 1 => 0..400_000_u64])
        .prop_map(|(origin, station, pause_ms)| Attempt { origin, station, pause_ms });
    prop::collection::vec(attempt, 1..400)
}

/// Attempts that were looked at, by pair.
type LookedAt = std::collections::BTreeMap<(u32, u8), u32>;

/// Tries whenever allowed, and returns how many attempts were looked at for each pair, and how long it took.
fn attack(throttle: &mut Throttle, attempts: &[Attempt], start: Instant) -> (LookedAt, Duration) {
    let mut looked_at = LookedAt::new();
    let mut now = start;
    for attempt in attempts {
        now += Duration::from_millis(attempt.pause_ms);
        let (origin, station) = (origin(attempt.origin), id(&format!("CS-{}", attempt.station)));
        if throttle.judge(origin, &station, now).is_none() {
            throttle.failed(origin, &station, now);
            *looked_at.entry((attempt.origin, attempt.station)).or_insert(0) += 1;
        }
    }
    (looked_at, now - start)
}

proptest! {
    #[test]
    fn no_schedule_gets_more_guesses_than_the_bound(attempts in attempts()) {
        let (looked_at, took) = attack(&mut throttle(), &attempts, Instant::now());
        // The free ones, the doublings, and one for each time a failure is forgotten.
        let bound = f64::from(LENIENCY.per_station) + 11.0 + took.as_secs_f64() / LENIENCY.delay_max.as_secs_f64();
        for (pair, count) in looked_at {
            prop_assert!(f64::from(count) <= bound, "{pair:?} got {count} in {took:?}");
        }
    }

    #[test]
    fn no_schedule_of_others_keeps_a_station_out(attempts in attempts()) {
        let (mut throttle, start) = (throttle(), Instant::now());
        let (_, took) = attack(&mut throttle, &attempts, start);
        for station in 0..3 {
            prop_assert_eq!(throttle.judge(origin(77), &id(&format!("CS-{station}")), start + took), None);
        }
    }

    #[test]
    fn a_delay_is_never_longer_than_the_longest(attempts in attempts()) {
        let (mut throttle, start) = (throttle(), Instant::now());
        let (looked_at, took) = attack(&mut throttle, &attempts, start);
        for ((from, station), _) in looked_at {
            let wait = throttle.judge(origin(from), &id(&format!("CS-{station}")), start + took).map(|early| early.wait);
            prop_assert!(wait.unwrap_or_default() <= LENIENCY.delay_max);
        }
    }

    #[test]
    fn known_and_unknown_look_alike(attempts in attempts()) {
        // Two ids with the same history are judged the same: there is nothing else that a judgement could depend on.
        let (mut throttle, mut now) = (throttle(), Instant::now());
        let (one, other) = (id("CS-1"), id("GHOST"));
        for attempt in attempts {
            now += Duration::from_millis(attempt.pause_ms);
            let from = origin(attempt.origin);
            prop_assert_eq!(throttle.judge(from, &one, now), throttle.judge(from, &other, now));
            throttle.failed(from, &one, now);
            throttle.failed(from, &other, now);
        }
    }
}
