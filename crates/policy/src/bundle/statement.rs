//! Splits a Cedar file into its policies, so that a mistake in one does not hide those in the others.

/// One policy's text and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// Bytes before it in the file.
    pub(crate) offset: usize,
    /// From its first character that is neither space nor comment to its `;`.
    pub(crate) text: &'a str,
}

/// The policies of a file. What follows the last `;` is one more, unless it is only space and comments.
pub(crate) fn split(file: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut start: Option<usize> = None;
    let mut chars = file.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            '"' => {
                start.get_or_insert(at);
                skip_string(&mut chars);
            }
            ';' => {
                let from = start.take().unwrap_or(at);
                statements.extend(file.get(from..=at).map(|text| Statement { offset: from, text }));
            }
            c if c.is_whitespace() => (),
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(from) = start {
        statements.extend(file.get(from..).map(|text| Statement { offset: from, text }));
    }
    statements
}

fn skip_string(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '"' => return,
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hide_semicolons() {
        let file = "// one; two\n@id(\"a;\\\";\")\npermit (principal, action, resource); // ;\nforbid\n";
        let found: Vec<_> = split(file).into_iter().map(|s| (s.offset, s.text)).collect();
        assert_eq!(
            found,
            [(12, "@id(\"a;\\\";\")\npermit (principal, action, resource);"), (68, "forbid\n")]
        );
    }

    #[test]
    fn an_empty_file_has_none() {
        assert_eq!(split(" // nothing\n"), []);
        assert_eq!(split(";").len(), 1);
    }
}
