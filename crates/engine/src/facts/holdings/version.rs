//! Versions of firmware, as far as they can be read from a name.

/// A version: numbers in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FirmwareVersion(Vec<u64>);

/// Numbers from here on are years: `2024.05.1`.
const YEAR: u64 = 1990;

/// What stands between the numbers: a dot, or in names of files what else separates words, with at least so many numbers.
const SEPARATORS: [(char, usize); 3] = [('.', 2), ('_', 3), ('-', 3)];

impl FirmwareVersion {
    /// The version in a text. Nothing where there is none, or where there are several and no `v` stands before one of them.
    pub(super) fn read(text: &str) -> Option<Self> {
        let found =
            SEPARATORS.iter().map(|separator| Self::all(text, *separator)).find(|found| !found.is_empty())?;
        if let [(_, only)] = found.as_slice() {
            return Some(only.clone());
        }
        let mut marked = found.into_iter().filter(|(marked, _)| *marked);
        match (marked.next(), marked.next()) {
            (Some((_, only)), None) => Some(only),
            (Some(_) | None, _) => None,
        }
    }

    /// The version in an address: in the file name, else in the query, else in the name of the directory.
    pub(super) fn of_location(location: &str) -> Option<Self> {
        let location = location.split_once('#').map_or(location, |(before, _)| before);
        let (path, query) = location.split_once('?').unwrap_or((location, ""));
        // Hosts have numbers, too.
        let path = path
            .split_once("://")
            .map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let mut names = path.rsplit('/');
        let file = names.next().unwrap_or_default();
        let directory = names.next().unwrap_or_default();
        let mut said = std::iter::once(file).chain(query.split('&')).filter(|text| Self::is_in(text));
        match (said.next(), said.next()) {
            (Some(only), None) => Self::read(only),
            // Two versions in one address: nobody knows which one is meant.
            (Some(_), Some(_)) => None,
            (None, _) => {
                let numbers = directory.strip_prefix(['v', 'V']).unwrap_or(directory);
                let bare = numbers.chars().all(|c| c.is_ascii_digit() || "._-".contains(c));
                bare.then(|| Self::read(numbers)).flatten()
            }
        }
    }

    fn is_in(text: &str) -> bool {
        SEPARATORS.iter().any(|separator| !Self::all(text, *separator).is_empty())
    }

    /// Every run of numbers with single separators between them, and whether a `v` stands before it.
    fn all(text: &str, (separator, least): (char, usize)) -> Vec<(bool, Self)> {
        let part = |c: char| c.is_ascii_digit() || c == separator;
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((before, run)) = text.get(at..).and_then(|rest| {
            let begin = at + rest.find(part)?;
            let run = text.get(begin..)?.split(|c| !part(c)).next()?;
            Some((text.get(..begin)?, run))
        }) {
            at = before.len() + run.len();
            // `AC22.1` names a product, `v1.2` a version; what begins with the separator is glued to nothing.
            let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            let marked = word.eq_ignore_ascii_case("v");
            let glued = !word.is_empty() && !marked && !run.starts_with(separator);
            let version = Self::numbers(run.trim_matches(separator), separator);
            found.extend(version.filter(|version| !glued && version.0.len() >= least).map(|of| (marked, of)));
        }
        found
    }

    fn numbers(text: &str, separator: char) -> Option<Self> {
        text.split(separator).map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>().map(Self)
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

    fn of_location(path: &str) -> String {
        let version = FirmwareVersion::of_location(path);
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
            ("/fw/release-1-2-0.img", "1.2.0"),
            ("/fw/acme-ac-22-1-8-3.img", "22.1.8.3"),
            ("/fw/1_8_3/update.swu", "1.8.3"),
            ("/fw/Twin-22_0.9.12_signed.bin", "0.9.12"),
            ("/fw/image_2024-05-01.bin", "2024.5.1"),
            ("https://fw.example/download?product=twin22&version=1.6.9", "1.6.9"),
            ("https://fw.example/fw-1.6.9.bin?token=x#1.2.3", "1.6.9"),
            // Nothing, or nothing certain.
            ("/fw/image.bin", "-"),
            ("/fw/image7.bin", "-"),
            ("/fw/AC22.1.bin", "-"),
            ("/fw/11.2_1.4.0.bin", "-"),
            ("/fw/1..2.bin", "-"),
            ("/fw/ac-22-3.bin", "-"),
            ("/fw/fw-1.6.9.bin?since=1.2.0", "-"),
            ("https://10.0.0.1/image.bin", "-"),
            ("https://10.0.0.1", "-"),
            ("/api/v2/image.bin", "-"),
            ("/", "-"),
            ("", "-"),
            ("/fw/99999999999999999999.1.bin", "-"),
        ] {
            assert_eq!(of_location(path), expected, "{path}");
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
