//! What is wrong with a bundle, for the person who wrote it.

use std::fmt;

use crate::party::PartyId;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// Path within the bundle.
    pub file: String,
    /// Line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 where it is about the whole file.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What was probably meant, or what to do.
    pub hint: Option<String>,
}

impl Problem {
    /// About a whole file.
    pub(crate) fn in_file(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, what: what.into(), hint: None }
    }

    /// At `offset` bytes into `text`, the content of `file`.
    pub(crate) fn at(file: &str, text: &str, offset: usize, what: impl Into<String>) -> Self {
        let (line, column) = place(text, offset);
        Self { file: file.to_owned(), line, column, what: what.into(), hint: None }
    }

    /// With a name that was probably meant.
    pub(crate) fn suggest(mut self, name: Option<&str>) -> Self {
        if let Some(name) = name {
            self.hint = Some(format!("did you mean `{name}`?"));
        }
        self
    }

    /// With advice.
    pub(crate) fn advise(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

/// Line and column, both from 1, of a byte offset; of the end of the text if it is beyond.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, c)| c);
    before.fold((1, 1), |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) })
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.what)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a bundle. One line a problem when displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleProblems {
    party: PartyId,
    problems: Vec<Problem>,
}

impl BundleProblems {
    pub(crate) fn new(party: PartyId) -> Self {
        Self { party, problems: Vec::new() }
    }

    /// Adds a problem, unless it stands there already.
    pub(crate) fn add(&mut self, problem: Problem) {
        if let Err(place) = self.problems.binary_search(&problem) {
            self.problems.insert(place, problem);
        }
    }

    pub(crate) fn with(mut self, problem: Problem) -> Self {
        self.add(problem);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whose bundle it is.
    pub fn party(&self) -> &PartyId {
        &self.party
    }

    /// The problems, by file and line.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }
}

impl fmt::Display for BundleProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let s = if count == 1 { "" } else { "s" };
        write!(f, "bundle of `{}`: {count} problem{s}", self.party)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for BundleProblems {}
