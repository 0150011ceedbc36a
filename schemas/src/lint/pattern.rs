//! Patterns of policies: of actions, held against their names, and of resources.

/// Whether a pattern of a policy covers an action. IAM takes no account of case.
/// Source: IAM User Guide, "IAM JSON policy elements: Action".
#[must_use]
pub fn covers(pattern: &str, action: &str) -> bool {
    matches(pattern.to_ascii_lowercase().as_bytes(), action.to_ascii_lowercase().as_bytes())
}

/// Whether a pattern of a policy covers all the resources of another. Resources are told apart by case.
/// Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[must_use]
pub fn covers_resources(pattern: &str, other: &str) -> bool {
    // A sign that `?` stands for could be a `*` of the other.
    pattern == other || !pattern.contains('?') && matches(pattern.as_bytes(), other.as_bytes())
}

/// `*` stands for any characters, `?` for one. Remembers the last `*` only, so the time is bounded.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, read));
            at += 1;
        } else if pattern.get(at).is_some_and(|&c| c == b'?' || c == text[read]) {
            at += 1;
            read += 1;
        } else if let Some((star_at, star_read)) = star {
            at = star_at + 1;
            read = star_read + 1;
            star = Some((star_at, star_read + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&c| c == b'*')
}

/// Whether an action only looks. Source: the "Access level" columns of the Service Authorization Reference,
/// whose List and Read actions begin with these words in the services that requests name.
pub(super) fn only_reads(action: &str) -> bool {
    let Some((_, name)) = action.split_once(':') else { return false };
    ["Describe", "Get", "List", "Head", "View", "Lookup", "Search", "Simulate", "BatchGet"]
        .iter()
        .any(|word| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// `*`, or an ARN of everything of a kind, or nearly so: `arn:aws:iam::123456789012:role/*`, `arn:aws:s3:::*`,
/// `arn:aws:iam::123456789012:r*`.
pub(super) fn is_everything(resource: &str) -> bool {
    const FIELDS: usize = 6;
    let fields: Vec<&str> = resource.splitn(FIELDS, ':').collect();
    match fields.as_slice() {
        // What stands after the slash is within one bucket.
        ["arn", _, "s3", _, _, named] => {
            let bucket = named.split_once('/').map_or(*named, |(bucket, _)| bucket);
            bucket.contains('*') && bucket.chars().all(is_wildcard)
        }
        ["arn", _, service, _, _, named] => named.split_once(['/', ':']).map_or_else(
            || is_short_of_a_kind(named) || is_every_one_of_a_kind(service, named),
            |(_, name)| {
                name.contains('*')
                    && (name.chars().all(|c| is_wildcard(c) || matches!(c, '/' | ':')) || is_anywhere(name))
            },
        ),
        // `*`, and patterns over partitions, services and accounts at once.
        _ => resource.contains('*'),
    }
}

fn is_wildcard(c: char) -> bool {
    matches!(c, '*' | '?')
}

/// The beginning of a kind of resource, or of several: `r*` is every role.
fn is_short_of_a_kind(named: &str) -> bool {
    const SHORT: usize = 4;
    named.contains('*') && named.chars().filter(|c| !is_wildcard(*c)).count() < SHORT
}

/// A kind of resource without what parts it from the name: `role*` is every role, as `role/*` is.
///
/// Source: Service Authorization Reference, the resource types of these services.
fn is_every_one_of_a_kind(service: &str, named: &str) -> bool {
    const KINDS: [(&str, &str); 10] = [
        ("iam", "group/"),
        ("iam", "instance-profile/"),
        ("iam", "policy/"),
        ("iam", "role/"),
        ("iam", "user/"),
        ("kms", "alias/"),
        ("kms", "key/"),
        ("secretsmanager", "secret:"),
        ("ssm", "parameter/"),
        ("sts", "assumed-role/"),
    ];
    let begin = named.trim_end_matches(is_wildcard);
    named[begin.len()..].contains('*')
        && KINDS
            .iter()
            .filter(|(of, _)| covers(service, of))
            .any(|(_, kind)| (0..=kind.len()).any(|end| matches(begin.as_bytes(), &kind.as_bytes()[..end])))
}

/// A letter or two that may stand anywhere in a name.
fn is_anywhere(name: &str) -> bool {
    const FEW: usize = 2;
    name.starts_with('*') && name.chars().filter(|c| !is_wildcard(*c)).count() <= FEW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_iam_says_they_cover() {
        for (pattern, action, covered) in [
            ("*", "iam:PassRole", true),
            ("iam:*", "iam:PassRole", true),
            ("IAM:pass*", "iam:PassRole", true),
            ("iam:*role", "iam:PassRole", true),
            ("iam:P?ssRole", "iam:PassRole", true),
            ("iam:*a*b*", "iam:PassRole", false),
            ("iam:Get*", "iam:PassRole", false),
            ("s3:*", "iam:PassRole", false),
            ("", "iam:PassRole", false),
        ] {
            assert_eq!(covers(pattern, action), covered, "{pattern}");
        }
        for (pattern, other, covered) in [
            ("*", "arn:aws:iam::1:role/*", true),
            ("arn:aws:iam::1:role/a-*", "arn:aws:iam::1:role/a-b*", true),
            ("arn:aws:iam::1:role/a-*", "arn:aws:iam::1:role/*", false),
            ("arn:aws:iam::1:role/A", "arn:aws:iam::1:role/a", false),
            ("arn:aws:iam::1:role/a?", "arn:aws:iam::1:role/a*", false),
        ] {
            assert_eq!(covers_resources(pattern, other), covered, "{pattern} {other}");
        }
        assert!(only_reads("ec2:DescribeImages") && only_reads("s3:List*") && !only_reads("s3:*"));
    }
}
