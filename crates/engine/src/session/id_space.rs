//! The message ids of our own calls.

/// Message ids that no peer can guess before it has seen one, and that no peer may use after.
#[derive(Debug)]
pub(super) struct IdSpace {
    prefix: String,
    next: u32,
}

impl IdSpace {
    /// Ids are `cw-` and 96 bits of nonce in hexadecimal, and a number: at most 36 characters in all.
    pub(super) fn new(nonce: [u8; 12]) -> Self {
        let digits: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { prefix: format!("cw-{digits}-"), next: 0 }
    }

    /// A new id.
    pub(super) fn next(&mut self) -> String {
        self.next = self.next.wrapping_add(1);
        format!("{}{:x}", self.prefix, self.next)
    }

    /// Whether it is one of ours, used or not.
    pub(super) fn has(&self, id: &str) -> bool {
        id.starts_with(&self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_and_differ() {
        let mut space = IdSpace::new([0xff; 12]);
        space.next = u32::MAX - 2;
        let (one, two) = (space.next(), space.next());
        assert!(one != two && one.len() <= 36 && space.has(&one) && space.has(&two));
        assert_eq!(space.next(), "cw-ffffffffffffffffffffffff-0");
        assert!(!space.has("cw-1"));
    }
}
