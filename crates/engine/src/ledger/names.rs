//! Short numbers for names that are met again and again.

use std::collections::HashMap;
use std::sync::Arc;

/// A name's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name(u32);

impl Name {
    /// Before all others.
    pub(super) const FIRST: Self = Self(0);
}

/// The names of stations, sites, areas, management systems and parties. They come from inventory and configuration, so
/// there are no more of them than people have entered.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The number of a name.
    pub(super) fn number(&mut self, text: &str) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, name);
        name
    }

    /// The number of a name, if it was met.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// The name of a number.
    pub(super) fn text(&self, name: Name) -> &str {
        usize::try_from(name.0).ok().and_then(|at| self.texts.get(at)).map_or("", |text| text)
    }
}
