//! Proofs of RFC 6962, sections 2.1.1 and 2.1.2: that an entry is in a tree, and that a tree continues another.
//!
//! Verification follows RFC 9162, 2.1.3.2 and 2.1.4.2, which write the algorithm out.

use crate::Hash;
use crate::merkle::{node_hash, root};

/// The hashes that lead from leaf `index` to the root of the tree over all `leaves`, nearest first. `None` when there is no
/// such leaf. Takes time proportional to the tree.
pub fn inclusion(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at_checked(split(leaves.len()))?;
    let (mut path, sibling) = if index < left.len() {
        (inclusion(left, index)?, right)
    } else {
        (inclusion(right, index - left.len())?, left)
    };
    path.push(root(sibling));
    Some(path)
}

/// True when `path` leads from `leaf`, number `index` of `size`, to `expected`.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], expected: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(step, &hash);
            // Levels at which a lone right subtree has no sibling are skipped.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == expected
}

/// The hashes that show that the tree over all `leaves` continues the tree over the first `old` of them. `None` when there
/// are fewer. Empty for `old` of 0 and for the whole tree.
pub fn consistency(leaves: &[Hash], old: usize) -> Option<Vec<Hash>> {
    if old > leaves.len() {
        return None;
    }
    if old == 0 || old == leaves.len() {
        return Some(Vec::new());
    }
    subproof(leaves, old, true)
}

/// True when `path` shows that the tree with `new_size` leaves and root `new` continues that with `old_size` and root `old`.
pub fn verify_consistency(old_size: u64, old: Hash, new_size: u64, new: Hash, path: &[Hash]) -> bool {
    if old_size == new_size {
        return path.is_empty() && old == new;
    }
    if old_size == 0 {
        return path.is_empty() && old == crate::merkle::empty_root();
    }
    if old_size > new_size {
        return false;
    }
    let mut steps = path.iter().copied();
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // When the old tree is complete, its root is where both ways begin.
    let Some(first) = (if old_size.is_power_of_two() { Some(old) } else { steps.next() }) else {
        return false;
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(&step, &old_hash);
            new_hash = node_hash(&step, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, &step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old && new_hash == new
}

fn subproof(leaves: &[Hash], old: usize, known: bool) -> Option<Vec<Hash>> {
    if old == leaves.len() {
        return Some(if known { Vec::new() } else { vec![root(leaves)] });
    }
    let (left, right) = leaves.split_at_checked(split(leaves.len()))?;
    let (mut path, sibling) = if old <= left.len() {
        (subproof(left, old, known)?, right)
    } else {
        (subproof(right, old - left.len(), false)?, left)
    };
    path.push(root(sibling));
    Some(path)
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use crate::merkle::tests::{ROOTS, leaves};

    #[test]
    fn known_inclusion_proofs() {
        // Reference vectors: leaf 5 of 8, and leaf 1 of 5 (counted from 0).
        let path: Vec<_> = inclusion(&leaves(8), 5).unwrap().iter().map(Hash::to_string).collect();
        assert_eq!(
            path,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        let path: Vec<_> = inclusion(&leaves(5), 1).unwrap().iter().map(Hash::to_string).collect();
        assert_eq!(
            path,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]
        );
    }

    #[test]
    fn known_consistency_proof() {
        // Reference vector: from 6 leaves to 8.
        let path: Vec<_> = consistency(&leaves(8), 6).unwrap().iter().map(Hash::to_string).collect();
        assert_eq!(
            path,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        let (old, new) = (Hash::parse(ROOTS[5]).unwrap(), Hash::parse(ROOTS[7]).unwrap());
        assert!(verify_consistency(6, old, 8, new, &consistency(&leaves(8), 6).unwrap()));
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_no_other() {
        let leaves: Vec<_> = (0..20_u8).map(|number| leaf_hash(&[number])).collect();
        let other = leaf_hash(b"other");
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            for index in 0..size {
                let mut path = inclusion(tree, index).unwrap();
                let holds = |leaf, index: usize, path: &[Hash]| {
                    verify_inclusion(leaf, index as u64, size as u64, path, root(tree))
                };
                assert!(holds(tree[index], index, &path));
                assert!(!holds(other, index, &path));
                assert!(!holds(tree[index], index + 1, &path));
                path.push(other);
                assert!(!holds(tree[index], index, &path));
            }
            for old in 0..=size {
                let mut path = consistency(tree, old).unwrap();
                let holds =
                    |from, path: &[Hash]| verify_consistency(old as u64, from, size as u64, root(tree), path);
                assert!(holds(root(&tree[..old]), &path), "{old} to {size}");
                assert!(!holds(other, &path));
                path.push(other);
                assert!(!holds(root(&tree[..old]), &path));
            }
        }
        assert_eq!(inclusion(&leaves, leaves.len()), None);
        assert_eq!(consistency(&leaves, leaves.len() + 1), None);
    }
}
