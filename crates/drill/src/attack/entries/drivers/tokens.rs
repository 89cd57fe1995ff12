//! C25: the list of tokens poisoned or emptied, and the memory of tokens with it.

use crate::attack::line::{is_half_taken, order};
use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin};
use crate::wire::list::{Entry as Token, clear_cache, send};
use crate::wire::{self, Message};
use chargewarden_ocpp::Version;

/// Version of the list that stations have.
const LIST: i64 = 40;
/// Tokens on it.
const TOKENS: usize = 60;

fn tags() -> Vec<String> {
    (0..TOKENS).map(|n| format!("04{:08X}", 0x00A1_B2C3 + n * 7_919)).collect()
}

/// The provider gives the station a list of sixty tokens.
fn listed(play: &mut Play<'_>, place: usize) {
    let Some(version) = play.world.version(place) else { return };
    let tags = tags();
    let entries: Vec<Token<'_>> = tags.iter().map(|tag| Token::accepted(tag)).collect();
    play.prepare(place, &order(send(version, LIST, true, &entries)));
    play.wait_s(300);
}

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let attacks = vec![
        list("the whole list, empty", |v, _, _| send(v, LIST + 1, true, &[])),
        list("the whole list, with the attacker's token alone", |v, _, _| {
            send(v, LIST + 1, true, &[Token::accepted("A77ACKE2")])
        }),
        list("the whole list, half of it", |v, tags, _| {
            let half: Vec<Token<'_>> = tags.iter().take(TOKENS / 2).map(|tag| Token::accepted(tag)).collect();
            send(v, LIST + 1, true, &half)
        }),
        list("the whole list, everybody blocked", |v, tags, _| {
            let all = tags.iter().map(|tag| Token::with_status(tag, "Blocked"));
            send(v, LIST + 1, true, &all.collect::<Vec<_>>())
        }),
        list("the whole list, everybody expired", |v, tags, now| {
            let gone = |tag| Token::accepted(tag).until(now.to_owned());
            let all: Vec<Token<'_>> = tags.iter().map(|tag| gone(tag)).collect();
            send(v, LIST + 1, true, &all)
        }),
        list("a third removed", |v, tags, _| {
            let some: Vec<Token<'_>> = tags.iter().take(TOKENS / 3).map(|tag| Token::removed(tag)).collect();
            send(v, LIST + 1, false, &some)
        }),
        list("a third blocked", |v, tags, _| {
            let some = tags.iter().take(TOKENS / 3).map(|tag| Token::with_status(tag, "Blocked"));
            send(v, LIST + 1, false, &some.collect::<Vec<_>>())
        }),
        list("a third turned invalid", |v, tags, _| {
            let some = tags.iter().skip(TOKENS / 3).take(TOKENS / 3);
            let some = some.map(|tag| Token::with_status(tag, "Invalid"));
            send(v, LIST + 1, false, &some.collect::<Vec<_>>())
        }),
        list("a version far ahead, so that no other comes after", |v, _, _| {
            send(v, 2_147_483_647, false, &[Token::accepted("A77ACKE2")])
        }),
        list("a jump of the version", |v, _, _| send(v, 999, false, &[Token::accepted("A77ACKE2")])),
        list("a version from before", |v, _, _| send(v, LIST - 10, false, &[Token::accepted("A77ACKE2")])),
        list("a whole list of a version from before", |v, tags, _| {
            let all: Vec<Token<'_>> = tags.iter().map(|tag| Token::accepted(tag)).collect();
            send(v, 3, true, &all)
        }),
        list("version nought", |v, _, _| send(v, 0, false, &[Token::accepted("A77ACKE2")])),
        list("a token of the master group", |v, _, _| {
            send(v, LIST + 1, false, &[Token::accepted("A77ACKE2").in_group("MASTERPASS")])
        }),
        list("a known token made a member of a group", |v, tags, _| {
            let first = tags.first().map_or("", String::as_str);
            send(v, LIST + 1, false, &[Token::accepted(first).in_group("FLEET-0815")])
        }),
        list("everybody in one group", |v, tags, _| {
            let all = tags.iter().map(|tag| Token::accepted(tag).in_group("ALL"));
            send(v, LIST + 1, true, &all.collect::<Vec<_>>())
        }),
        Attack::new("a few at a time, until nobody is left", ALL, |play| {
            play.campaign_where(is_half_taken, |play, place| {
                listed(play, place);
                let Some(version) = play.world.version(place) else { return };
                let tags = tags();
                for (turn, few) in (1..).zip(tags.chunks(8)) {
                    let few: Vec<Token<'_>> = few.iter().map(|tag| Token::removed(tag)).collect();
                    let change = order(send(version, LIST + turn, false, &few));
                    // What is little at first is a lock-out in the end.
                    if turn <= 2 {
                        play.prepare(place, &change);
                    } else {
                        play.strike(place, &change);
                    }
                    play.wait_s(1_800);
                }
            });
        }),
    ];
    let twins = vec![
        work("two new cards", |v, _| {
            send(v, LIST + 1, false, &[Token::accepted("04F00D01"), Token::accepted("04F00D02")])
        }),
        work("a lost card removed", |v, tags| {
            send(v, LIST + 1, false, &[Token::removed(tags.first().map_or("", String::as_str))])
        }),
        work("a stolen card blocked", |v, tags| {
            send(
                v,
                LIST + 1,
                false,
                &[Token::with_status(tags.first().map_or("", String::as_str), "Blocked")],
            )
        }),
        work("the whole list again, with two more", |v, tags| {
            let mut all: Vec<Token<'_>> = tags.iter().map(|tag| Token::accepted(tag)).collect();
            all.extend(["04F00D01", "04F00D02"].map(Token::accepted));
            send(v, LIST + 1, true, &all)
        }),
        work("the whole list again, with a few gone", |v, tags| {
            let most: Vec<Token<'_>> = tags.iter().skip(5).map(|tag| Token::accepted(tag)).collect();
            send(v, LIST + 1, true, &most)
        }),
        Twin::new("a station's first list", ALL, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let Some(version) = play.world.version(place) else { continue };
                let tags = tags();
                let all: Vec<Token<'_>> = tags.iter().map(|tag| Token::accepted(tag)).collect();
                play.work(place, &order(send(version, 1, true, &all)));
            }
        }),
        Twin::order("the memory of one station emptied", ALL, |_| order(clear_cache())),
    ];
    vec![
        Entry {
            id: "C25",
            name: "the list of tokens poisoned or emptied",
            versions: ALL,
            kind: Kind::Hard,
            attacks,
            twins,
        },
        Entry {
            id: "C25",
            name: "the memory of tokens emptied before an outage",
            versions: ALL,
            kind: Kind::Cumulative,
            attacks: vec![
                Attack::order("every station's", ALL, |_| order(clear_cache())),
                Attack::new("at random, not in the order of names", ALL, |play| {
                    let places = play.targets();
                    for turn in 0..places.len() {
                        let Some(place) = places.get(turn * 77 % places.len()).copied() else { continue };
                        play.strike(place, &order(clear_cache()));
                        play.pause();
                    }
                }),
                Attack::new("one token less on every station", ALL, |play| {
                    play.campaign(|play, place| {
                        let Some(version) = play.world.version(place) else { return };
                        let change = send(version, 2, false, &[Token::with_status("04A1B2C3", "Blocked")]);
                        play.strike(place, &order(change));
                    });
                }),
            ],
            twins: vec![],
        },
    ]
}

fn list(name: &'static str, write: fn(Version, &[String], &str) -> Message) -> Attack {
    Attack::new(name, ALL, move |play| {
        play.campaign_where(is_half_taken, |play, place| {
            listed(play, place);
            let Some(version) = play.world.version(place) else { return };
            let past = wire::time(play.world.now(), -86_400);
            play.strike(place, &order(write(version, &tags(), &past)));
        });
    })
}

fn work(name: &'static str, write: fn(Version, &[String]) -> Message) -> Twin {
    Twin::new(name, ALL, move |play| {
        for place in play.one_of_each_where(is_half_taken) {
            listed(play, place);
            let Some(version) = play.world.version(place) else { continue };
            play.work(place, &order(write(version, &tags())));
        }
    })
}
