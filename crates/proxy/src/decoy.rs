//! The hash that is verified where there is none: an attempt takes as long for an id that nobody has.

use std::{collections::BTreeMap, sync::Arc};

use crate::directory::Station;

/// What `chargewarden station hash` makes: 19 MiB, 2 passes.
const DEFAULT: &str = "m=19456,t=2,p=1";

/// Salt and result of the decoy, of the lengths that ours have. Nobody has a secret for it: the result is not argon2's.
const REST: &str = "L0V4sTq0m9wZ8hYpQe3nYg$yb8J2v0xq3ZkH1mS5oD7uR4wT6nC9aF2eG8iK0lM1pQ";

/// How many stations' hashes have which parameters. The decoy follows the most.
#[derive(Debug, Default)]
pub(crate) struct Decoys {
    counts: BTreeMap<String, usize>,
}

impl Decoys {
    /// The decoy to verify.
    pub(crate) fn current(&self) -> Arc<str> {
        let most = self.counts.iter().max_by_key(|(_, count)| **count);
        let parameters = most.map_or(DEFAULT, |(parameters, _)| parameters);
        format!("$argon2id$v=19${parameters}${REST}").into()
    }

    /// A station is in the inventory.
    pub(crate) fn add(&mut self, station: &Station) {
        if let Some(parameters) = parameters(station) {
            *self.counts.entry(parameters.to_owned()).or_default() += 1;
        }
    }

    /// A station is not in it any more.
    pub(crate) fn remove(&mut self, station: &Station) {
        let Some(parameters) = parameters(station) else { return };
        if let Some(count) = self.counts.get_mut(parameters) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(parameters);
            }
        }
    }
}

/// What a PHC string says between version and salt.
fn parameters(station: &Station) -> Option<&str> {
    station.secrets.current.as_deref()?.split('$').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_hash, credential::tests::station};

    fn with(parameters: &str) -> Station {
        let mut station = (*station("x", 1)).clone();
        station.secrets.current = Some(format!("$argon2id$v=19${parameters}${REST}"));
        station
    }

    #[test]
    fn the_decoy_costs_what_a_real_one_costs() {
        let mut decoys = Decoys::default();
        check_hash(&decoys.current()).unwrap();
        assert!(decoys.current().contains(parameters(&station("x", 1)).unwrap()));
        let few = with("m=8192,t=1,p=1");
        decoys.add(&few);
        assert!(decoys.current().contains("$m=8192,t=1,p=1$"));
        (0..2).for_each(|_| decoys.add(&with("m=4096,t=3,p=1")));
        assert!(decoys.current().contains("$m=4096,t=3,p=1$"));
        check_hash(&decoys.current()).unwrap();
        (0..2).for_each(|_| decoys.remove(&with("m=4096,t=3,p=1")));
        decoys.remove(&few);
        assert_eq!(decoys.current(), Decoys::default().current());
    }
}
