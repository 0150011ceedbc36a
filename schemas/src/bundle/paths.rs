//! Whether the paths of a bundle can be those of files in one folder, wherever it is unpacked.

use std::cmp::Ordering;

/// The first fault of these paths, in words: two that differ only by case, be it in a folder's name, or one that is a
/// file where another has a folder. A system that takes no account of case in names could not hold them.
pub(super) fn clash<'a>(paths: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut paths: Vec<&str> = paths.collect();
    // By components, so that all that lies in a folder stands together, and behind a file of that name.
    paths.sort_unstable_by(|one, other| components(one).cmp(components(other)));
    paths.windows(2).find_map(|pair| between(pair[0], pair[1]))
}

fn components(path: &str) -> impl Iterator<Item = Folded<'_>> {
    path.split('/').map(Folded)
}

/// A component whose case counts for nothing.
struct Folded<'a>(&'a str);

impl Ord for Folded<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let small = |byte: u8| byte.to_ascii_lowercase();
        self.0.bytes().map(small).cmp(other.0.bytes().map(small))
    }
}

impl PartialOrd for Folded<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

/// What is wrong between two paths that stand next to each other.
fn between(one: &str, other: &str) -> Option<String> {
    let (mut ones, mut others) = (one.split('/').peekable(), other.split('/').peekable());
    while let (Some(here), Some(there)) = (ones.next(), others.next()) {
        if !here.eq_ignore_ascii_case(there) {
            return None;
        }
        match (ones.peek(), others.peek()) {
            (None, None) => return Some(format!("{other:?} differs from another path only by case")),
            (None, Some(_)) => return Some(format!("{one:?} is a file, and {other:?} has it for a folder")),
            (Some(_), None) => return Some(format!("{other:?} is a file, and {one:?} has it for a folder")),
            (Some(_), Some(_)) if here != there => {
                return Some(format!("{one:?} and {other:?} lie in folders that differ only by case"));
            }
            (Some(_), Some(_)) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_no_folder_holds_everywhere_are_found_wherever_they_stand() {
        let fault = |paths: &[&str]| clash(paths.iter().copied());
        for (paths, wanted) in [
            (["requests/a", "requests/a/b", "x"], "\"requests/a\" is a file, and \"requests/a/b\" has it"),
            (["requests/a/b", "requests/a-b", "requests/A"], "\"requests/A\" is a file"),
            (["requests/A/b", "requests/B", "requests/a/c"], "lie in folders that differ only by case"),
            (["requests/a", "requests/b", "requests/A"], "differs from another path only by case"),
            (["requests/a/x", "requests/a/X", "y"], "differs from another path only by case"),
        ] {
            let found = fault(&paths);
            assert!(found.as_ref().is_some_and(|found| found.contains(wanted)), "{paths:?}: {found:?}");
        }
        for paths in [["requests/a/b", "requests/a-b", "requests/a.b"], ["a", "requests/a", "requests/b/a"]] {
            assert_eq!(fault(&paths), None, "{paths:?}");
        }
    }
}
