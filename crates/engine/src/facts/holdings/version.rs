//! Versions of firmware, as far as they can be read from a name.

/// A version: numbers with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FirmwareVersion(Vec<u64>);

/// Numbers from here on are years: `2024.05.1`.
const YEAR: u64 = 1990;

impl FirmwareVersion {
    /// The version in a text. Nothing where there is none, or where there are several and no `v` stands before one of them.
    pub(super) fn read(text: &str) -> Option<Self> {
        let found: Vec<(bool, Self)> = Self::all(text).collect();
        if let [(_, only)] = found.as_slice() {
            return Some(only.clone());
        }
        let mut marked = found.into_iter().filter(|(marked, _)| *marked);
        match (marked.next(), marked.next()) {
            (Some((_, only)), None) => Some(only),
            (Some(_) | None, _) => None,
        }
    }

    /// The version in the file name of a path, or in the name of the directory that the file is in.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let mut names = path.rsplit('/');
        let file = names.next().unwrap_or_default();
        if Self::all(file).next().is_some() {
            return Self::read(file);
        }
        let directory = names.next().unwrap_or_default();
        let digits = directory.strip_prefix(['v', 'V']).unwrap_or(directory);
        let bare = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        bare.then(|| Self::read(digits)).flatten()
    }

    /// Every run of at least two numbers with single dots between them, and whether a `v` stands before it.
    fn all(text: &str) -> impl Iterator<Item = (bool, Self)> {
        let bytes = text.as_bytes();
        let part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let begin = at + bytes.get(at..)?.iter().position(part)?;
                let run = bytes.get(begin..)?.iter().take_while(|byte| part(byte)).count();
                at = begin + run;
                let before = begin.checked_sub(1).and_then(|before| bytes.get(before)).copied();
                // `AC22.1.bin` names a product, `v1.2` a version.
                let marked = before.is_some_and(|byte| byte.eq_ignore_ascii_case(&b'v'))
                    && !begin
                        .checked_sub(2)
                        .and_then(|at| bytes.get(at))
                        .is_some_and(u8::is_ascii_alphabetic);
                let glued = before.is_some_and(|byte| byte.is_ascii_alphabetic()) && !marked;
                let numbers = text.get(begin..at).map(|run| run.trim_matches('.'));
                match numbers.and_then(Self::numbers) {
                    Some(version) if !glued => return Some((marked, version)),
                    Some(_) | None => {}
                }
            }
        })
    }

    fn numbers(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
        (numbers.len() > 1).then_some(Self(numbers))
    }

    /// Whether it is older than the other, as far as both are spelled out: `1.2` is not older than `1.2.3`. A year is not
    /// compared with a number that is none.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let is_year = |version: &Self| version.0.first().is_some_and(|first| *first >= YEAR);
        if is_year(self) != is_year(other) {
            return false;
        }
        let differ = self.0.iter().zip(&other.0).find(|(one, other)| one != other);
        differ.is_some_and(|(one, other)| one < other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_path(path: &str) -> String {
        let version = FirmwareVersion::of_path(path);
        version.map_or_else(
            || "-".into(),
            |version| version.0.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
        )
    }

    #[test]
    fn a_version_is_read_from_a_file_name() {
        for (path, expected) in [
            ("/fw/acme-1.2.3.bin", "1.2.3"),
            ("/fw/ACME_v1.2.3-rc1.tar.gz", "1.2.3"),
            ("/fw/release_2.10.0_signed.zip", "2.10.0"),
            ("/fw/1.4/image.bin", "1.4"),
            ("/fw/v1.4.1/image.bin", "1.4.1"),
            ("/fw/AC22-3.0.1.swu", "3.0.1"),
            ("/fw/2024.05.1.img", "2024.5.1"),
            ("/fw/AC_11.2_v1.4.0.bin", "1.4.0"),
            ("/1.2.3/fw-2.0.0.bin", "2.0.0"),
            // Nothing, or nothing certain.
            ("/fw/image.bin", "-"),
            ("/fw/image7.bin", "-"),
            ("/fw/AC22.1.bin", "-"),
            ("/fw/11.2_1.4.0.bin", "-"),
            ("/fw/1..2.bin", "-"),
            ("/api/v2/image.bin", "-"),
            ("/", "-"),
            ("", "-"),
            ("/fw/99999999999999999999.1.bin", "-"),
        ] {
            assert_eq!(of_path(path), expected, "{path}");
        }
    }

    #[test]
    fn older_is_what_is_surely_older() {
        for (one, other, expected) in [
            ("1.2.3", "1.2.4", true),
            ("1.9.0", "1.10.0", true),
            ("v1.2", "ACME 1.3.0 (beta)", true),
            ("2023.12", "2024.1", true),
            ("1.2.3", "1.2.3", false),
            ("1.2", "1.2.3", false),
            ("1.2.3", "1.2", false),
            ("2.0.0", "1.9.9", false),
            ("3.2.0", "2024.05.1", false),
        ] {
            let (one, other) = (FirmwareVersion::read(one).unwrap(), FirmwareVersion::read(other).unwrap());
            assert_eq!(one.is_older_than(&other), expected, "{one:?} {other:?}");
        }
    }
}
