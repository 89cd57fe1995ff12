//! Names that were probably meant.

/// The known name nearest to `name`, if it is near enough to be worth a guess.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let worth = 1 + name.chars().count() / 4;
    let rated = known.into_iter().map(|candidate| (distance(name, candidate), candidate));
    rated.filter(|(distance, _)| *distance <= worth).min().map(|(_, candidate)| candidate)
}

/// Edits from one to the other: insert, delete, replace or swap neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = cell(&last, j) + usize::from(from != to);
            let mut best = replaced.min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(cell(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    cell(&last, b.len())
}

fn cell(row: &[usize], column: usize) -> usize {
    row.get(column).copied().unwrap_or(usize::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = ["restart", "reserve", "repoint"];
        assert_eq!(nearest("restrat", known), Some("restart"));
        assert_eq!(nearest("repiont", known), Some("repoint"));
        assert_eq!(nearest("unlock", known), None);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("", "abc"), 3);
    }
}
