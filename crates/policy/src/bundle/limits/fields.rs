//! Fields of a table, each with the place where it stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bundle::spelling::nearest;

/// A value and where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// Something wrong: where, what, and what was meant.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) offset: usize,
    pub(super) what: String,
    pub(super) meant: Option<&'static str>,
}

impl Trouble {
    pub(super) fn at(offset: usize, what: impl Into<String>) -> Self {
        Self { offset, what: what.into(), meant: None }
    }

    pub(super) fn meant(self, meant: Option<&'static str>) -> Self {
        Self { meant, ..self }
    }
}

/// A table, read field by field.
pub(super) struct Fields<'f, 't> {
    /// What it describes, for messages.
    pub(super) what: &'static str,
    /// Where it begins.
    pub(super) start: usize,
    pub(super) table: &'f DeTable<'t>,
}

impl<'f, 't> Fields<'f, 't> {
    /// The fields that nobody knows.
    pub(super) fn unknown(&self, known: &[&'static str]) -> Vec<Trouble> {
        let unknown = self.table.keys().filter(|key| !known.contains(&&**key.get_ref()));
        let trouble = |key: &Spanned<std::borrow::Cow<'_, str>>| {
            let name = key.get_ref();
            Trouble::at(key.span().start, format!("unknown field `{name}` of a {}", self.what))
                .meant(nearest(name, known.iter().copied()))
        };
        unknown.map(trouble).collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Where the field stands, or the table.
    pub(super) fn start_of(&self, name: &str) -> usize {
        self.table.get(name).map_or(self.start, |value| value.span().start)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'f Value<'t>> {
        self.table.get(name)
    }

    fn required(&self, name: &str) -> Result<&'f Value<'t>, Trouble> {
        let missing = || Trouble::at(self.start, format!("the {} has no `{name}`", self.what));
        self.get(name).ok_or_else(missing)
    }

    /// A text that has to be there, and where.
    pub(super) fn text(&self, name: &str) -> Result<(usize, &'f str), Trouble> {
        let value = self.required(name)?;
        let text = value.get_ref().as_str();
        text.map(|text| (value.span().start, text)).ok_or_else(|| wrong(name, value, "a text"))
    }

    /// What a text says, or what is meant where it is absent.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce((usize, &'f str)) -> Result<T, Trouble>,
        absent: T,
    ) -> Result<T, Trouble> {
        if self.has(name) { self.text(name).and_then(read) } else { Ok(absent) }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Trouble> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.get_ref().as_bool().ok_or_else(|| wrong(name, value, "`true` or `false`"))
    }

    pub(super) fn table(&self, name: &'static str) -> Result<Fields<'f, 't>, Trouble> {
        let value = self.required(name)?;
        match value.get_ref().as_table() {
            Some(table) => Ok(Fields { what: "maximum", start: value.span().start, table }),
            None => Err(wrong(name, value, "a table such as `{ count = 1 }`")),
        }
    }

    /// Texts, each with its place.
    pub(super) fn list(&self, name: &str, of: &str) -> Result<Vec<(usize, &'f str)>, Trouble> {
        let value = self.required(name)?;
        let not_a_list = || wrong(name, value, &format!("a list of {of}"));
        let members = value.get_ref().as_array().ok_or_else(not_a_list)?;
        let member = |member: &'f Value<'t>| {
            let text = member.get_ref().as_str();
            text.map(|text| (member.span().start, text)).ok_or_else(not_a_list)
        };
        members.iter().map(member).collect()
    }
}

/// One of several words.
pub(super) fn choice<T: Copy>(
    name: &str,
    (offset, text): (usize, &str),
    choices: &[(&'static str, T)],
) -> Result<T, Trouble> {
    if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words: Vec<&'static str> = choices.iter().map(|(word, _)| *word).collect();
    let what = format!("`{name} = \"{text}\"`: it is one of {}", words.join(", "));
    Err(Trouble::at(offset, what).meant(nearest(text, words)))
}

pub(super) fn wrong(name: &str, value: &Value<'_>, right: &str) -> Trouble {
    Trouble::at(value.span().start, format!("`{name}` is not {right}"))
}
