//! Payloads made from shapes, for tests: the least one, arbitrary ones, and ones with a single fault.
//!
//! Nothing here is random: the same shape and seed give the same payload.

use crate::number::WHOLE_MAX;
use crate::shape::{Choice, List, Member, Object, Shape};
use crate::timestamp::Timestamp;
use crate::violation::Rule;
use crate::write;

/// Items beyond the least number that an arbitrary list has at most.
const ITEMS_MORE: u64 = 2;

/// Characters of an arbitrary string that is not made as long as allowed.
const CHARACTERS: u64 = 12;

/// Levels of an arbitrary value where anything goes.
const FREE_LEVELS: u64 = 2;

/// The least payload: required members only, lists as short as allowed.
pub fn minimal(shape: &'static Object) -> String {
    let mut maker = Maker::new(0, None);
    maker.sparse = true;
    maker.object(shape);
    maker.out
}

/// A valid payload.
pub fn arbitrary(shape: &'static Object, seed: u64) -> String {
    let mut maker = Maker::new(seed, None);
    maker.object(shape);
    maker.out
}

/// A payload with one fault, and the rule it breaks; `None` if the shape leaves nothing to break.
pub fn faulty(shape: &'static Object, seed: u64) -> Option<(String, Rule)> {
    let mut count = Maker::new(seed, None);
    count.object(shape);
    let mut pick = Random(seed ^ 0x5DEE_CE66);
    let mut maker = Maker::new(seed, Some(pick.below(count.sites)));
    maker.object(shape);
    maker.broken.map(|rule| (maker.out, rule))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// Less than `bound`; 0 if that is 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        let index = usize::try_from(self.below(items.len() as u64)).ok()?;
        items.get(index)
    }
}

struct Maker {
    random: Random,
    out: String,
    /// Whether to leave out what may be left out.
    sparse: bool,
    /// Places passed where a fault can be made.
    sites: u64,
    /// The place to make one.
    target: Option<u64>,
    broken: Option<Rule>,
}

impl Maker {
    fn new(seed: u64, target: Option<u64>) -> Maker {
        Maker { random: Random(seed), out: String::new(), sparse: false, sites: 0, target, broken: None }
    }

    /// Whether to break this rule here.
    fn breaks(&mut self, rule: Rule) -> bool {
        let here = self.target == Some(self.sites);
        self.sites += 1;
        if here {
            self.broken = Some(rule);
        }
        here
    }

    fn value(&mut self, shape: &'static Shape) {
        if !matches!(shape, Shape::Any) && self.breaks(Rule::Type) {
            return self.mistyped(shape);
        }
        match shape {
            Shape::Text { max } => self.text(*max),
            Shape::Time => self.time(),
            Shape::Integer { min, max } => self.integer(*min, *max),
            Shape::Number { min, max, decimals } => self.number(*min, *max, *decimals),
            Shape::Flag => self.put(&["true", "false"]),
            Shape::Choice(choice) => self.choice(choice),
            Shape::Object(object) => self.object(object),
            Shape::List(list) => self.list(list),
            Shape::Any => self.any(FREE_LEVELS),
        }
    }

    fn put(&mut self, choices: &[&str]) {
        let text = self.random.pick(choices).copied().unwrap_or_default();
        self.out.push_str(text);
    }

    fn mistyped(&mut self, shape: &Shape) {
        match shape {
            Shape::Text { .. } | Shape::Time | Shape::Choice(_) => {
                self.put(&["null", "0", "true", "[]", "{}"]);
            }
            Shape::Integer { .. } => self.put(&["null", "\"0\"", "false", "[]", "{}", "0.5"]),
            Shape::Number { .. } => self.put(&["null", "\"0\"", "false", "[]", "{}"]),
            Shape::Flag => self.put(&["null", "\"true\"", "0", "1", "[]", "{}"]),
            Shape::Object(_) => self.put(&["null", "\"\"", "0", "true", "[]"]),
            Shape::List(_) => self.put(&["null", "\"\"", "0", "true", "{}"]),
            Shape::Any => {}
        }
    }

    fn text(&mut self, max: Option<u32>) {
        let length = match max {
            Some(max) if self.breaks(Rule::Length) => u64::from(max) + 1,
            Some(max) if !self.sparse && self.random.one_in(8) => u64::from(max),
            Some(max) => self.random.below(CHARACTERS.min(u64::from(max)) + 1),
            None => self.random.below(CHARACTERS + 1),
        };
        self.out.push('"');
        for _ in 0..length {
            if self.random.one_in(12) {
                self.put(&["é", "😀", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude00", "/", "\\/", "{", "]", ","]);
            } else {
                self.put(&["a", "b", "c", "x", "Y", "Z", "0", "1", "7", "-", ".", " "]);
            }
        }
        self.out.push('"');
    }

    fn time(&mut self) {
        if self.breaks(Rule::Time) {
            return self.put(&["\"\"", "\"2025-01-01\"", "\"2025-02-30T00:00:00Z\"", "\"now\""]);
        }
        // The years 2000 to 2063.
        let seconds = 946_684_800 + i64::try_from(self.random.below(2_000_000_000)).unwrap_or(0);
        let time = Timestamp::from_millis(seconds * 1_000).to_string();
        let local = time.trim_end_matches(".000Z");
        self.out.push('"');
        self.out.push_str(local);
        self.put(&["Z", "Z", ".5Z", ".123456Z", "", "+02:00", "-11:30"]);
        self.out.push('"');
    }

    fn integer(&mut self, min: Option<i64>, max: Option<i64>) {
        let (low, high) = (min.unwrap_or(-WHOLE_MAX), max.unwrap_or(WHOLE_MAX));
        let value = if min.is_some() && self.breaks(Rule::Range) {
            low - 1
        } else if max.is_some() && self.breaks(Rule::Range) {
            high + 1
        } else if self.sparse {
            0_i64.clamp(low, high)
        } else {
            let some = i64::try_from(self.random.below(1_000)).unwrap_or(0);
            let choices = [low, high, some, -some, 0, 1];
            self.random.pick(&choices).copied().unwrap_or(0).clamp(low, high)
        };
        self.out.push_str(&value.to_string());
        if !self.sparse && self.random.one_in(16) {
            self.out.push_str(".0");
        }
    }

    fn number(&mut self, min: Option<f64>, max: Option<f64>, decimals: Option<u8>) {
        let (low, high) = (min.unwrap_or(-1e6), max.unwrap_or(1e6));
        if min.is_some() && self.breaks(Rule::Range) {
            return self.out.push_str(&(low - 0.5).to_string());
        }
        if max.is_some() && self.breaks(Rule::Range) {
            return self.out.push_str(&(high + 0.5).to_string());
        }
        if let Some(decimals) = decimals
            && self.breaks(Rule::Decimals)
        {
            return self.out.push_str(&format!("0.{}1", "0".repeat(usize::from(decimals))));
        }
        let some = self.random.below(1_000_000);
        let some = f64::from(u32::try_from(some).unwrap_or(0)) / 10.0;
        let choices = [low, high, some, -some, 0.0, 0.1];
        let value = if self.sparse { 0.0 } else { self.random.pick(&choices).copied().unwrap_or(0.0) };
        self.out.push_str(&value.clamp(low, high).to_string());
    }

    fn choice(&mut self, choice: &Choice) {
        let value = self.random.pick(choice.values).copied().unwrap_or_default();
        if self.breaks(Rule::Choice) {
            // No value has a space in it.
            return write::string(&mut self.out, &format!("{value} "));
        }
        write::string(&mut self.out, value);
    }

    fn list(&mut self, list: &'static List) {
        let (min, max) = (u64::from(list.min), list.max.map(u64::from));
        let mut count = min;
        if !self.sparse {
            count += self.random.below(ITEMS_MORE + 1);
        }
        count = count.min(max.unwrap_or(count));
        let sparse = self.sparse;
        if min > 0 && self.breaks(Rule::Count) {
            count = min - 1;
        } else if let Some(max) = max
            && self.breaks(Rule::Count)
        {
            // Many items: small ones.
            (count, self.sparse) = (max + 1, true);
        }
        self.out.push('[');
        for index in 0..count {
            self.comma(index == 0);
            self.value(&list.of);
        }
        self.out.push(']');
        self.sparse = sparse;
    }

    fn object(&mut self, shape: &'static Object) {
        let sparse = self.sparse;
        let mut order: Vec<&'static Member> = shape.members.iter().collect();
        if !sparse && self.random.one_in(4) {
            order.reverse();
        }
        self.out.push('{');
        let mut first = true;
        for member in order {
            if member.required {
                if self.breaks(Rule::Missing) {
                    continue;
                }
            } else if sparse || self.random.one_in(2) {
                continue;
            }
            self.member(&mut first, member);
            if self.breaks(Rule::Duplicate) {
                self.member(&mut first, member);
            }
        }
        if shape.open {
            for name in ["x", "vendor\\u0020note", "é"] {
                if !sparse && self.random.one_in(3) {
                    self.comma(first);
                    first = false;
                    self.out.push_str(&format!("\"{name}\":"));
                    self.any(FREE_LEVELS);
                }
            }
        } else if self.breaks(Rule::UnknownMember) {
            self.comma(first);
            self.put(&["\"\":0", "\"unheardOf\":null", "\"Status\":\"Accepted\"", "\"customdata\":{}"]);
        }
        self.out.push('}');
    }

    fn member(&mut self, first: &mut bool, member: &'static Member) {
        self.comma(*first);
        *first = false;
        write::string(&mut self.out, member.name);
        self.out.push(':');
        self.value(&member.shape);
    }

    fn any(&mut self, levels: u64) {
        let kinds = if levels == 0 || self.sparse { 5 } else { 7 };
        match self.random.below(kinds) {
            0 => self.put(&["null", "true", "false"]),
            1 | 2 => self.integer(None, None),
            3 => self.number(None, None, None),
            4 => self.text(None),
            5 => {
                self.out.push('[');
                for index in 0..self.random.below(3) {
                    self.comma(index == 0);
                    self.any(levels - 1);
                }
                self.out.push(']');
            }
            _ => {
                self.out.push('{');
                for index in 0..self.random.below(3) {
                    self.comma(index == 0);
                    self.out.push_str(&format!("\"k{index}\":"));
                    self.any(levels - 1);
                }
                self.out.push('}');
            }
        }
    }

    fn comma(&mut self, first: bool) {
        if !first {
            self.out.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::limits::Limits;
    use crate::payload::Payload;
    use crate::version::Version;

    /// Every request and response of the catalogue.
    fn shapes() -> impl Iterator<Item = (Version, &'static Object)> {
        Version::ALL.into_iter().flat_map(|version| {
            let specs = Action::ALL.into_iter().filter_map(move |action| action.spec(version));
            specs.flat_map(move |spec| {
                [Some(spec.request), spec.response].into_iter().flatten().map(move |shape| (version, shape))
            })
        })
    }

    #[test]
    fn samples_are_valid() {
        for (version, shape) in shapes() {
            let samples = (0..40).map(|seed| arbitrary(shape, seed));
            for sample in samples.chain([minimal(shape)]) {
                if let Err(violation) = Payload::parse(&sample, shape, &Limits::default()) {
                    panic!("{version} {}: {violation}\n{sample}", shape.name);
                }
            }
        }
    }

    #[test]
    fn faults_are_found_by_their_rule() {
        for (version, shape) in shapes() {
            for seed in 0..120 {
                let Some((sample, rule)) = faulty(shape, seed) else { continue };
                let found =
                    Payload::parse(&sample, shape, &Limits::default()).map_err(|violation| violation.rule);
                assert_eq!(found.err(), Some(rule), "{version} {}\n{sample}", shape.name);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_sample() {
        for (_, shape) in shapes() {
            assert_eq!(arbitrary(shape, 7), arbitrary(shape, 7));
        }
    }
}
