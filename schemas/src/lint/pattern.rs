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
    match fields(resource).as_slice() {
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

/// The fields of an ARN, the name of the resource being the last; fewer where it is none.
pub(super) fn fields(resource: &str) -> Vec<&str> {
    const FIELDS: usize = 6;
    resource.splitn(FIELDS, ':').collect()
}

fn is_pattern(text: &str) -> bool {
    text.contains(is_wildcard)
}

/// Whether the wildcards of a resource reach beyond one named thing.
///
/// What stands within a named bucket, table, function or log group is of one thing, and so is a secret whose last six
/// characters are left to Secrets Manager, which makes them up. A wildcard for the account of a role is another rule's.
pub(super) fn reaches_many(resource: &str) -> bool {
    let fields = fields(resource);
    let ["arn", _, service, region, account, named] = fields.as_slice() else { return is_pattern(resource) };
    let is_told_elsewhere = matches!(*service, "iam" | "sts");
    is_pattern(service)
        || is_pattern(region)
        || is_pattern(account) && !is_told_elsewhere
        || is_pattern(the_one(service, account, named))
}

/// The part of a resource that says which one it is.
///
/// Source: Service Authorization Reference, the resource types of these services; Secrets Manager User Guide, "What's in a
/// secret?".
fn the_one<'a>(service: &str, account: &str, named: &'a str) -> &'a str {
    let (kind, end) = match service {
        // Of what S3 keeps, buckets alone name no account.
        "s3" if account.is_empty() => ("", '/'),
        "dynamodb" => ("table/", '/'),
        "lambda" => ("function:", ':'),
        "logs" => ("log-group:", ':'),
        "secretsmanager" => return named.strip_suffix("-??????").unwrap_or(named),
        _ => return named,
    };
    match named.strip_prefix(kind).and_then(|name| name.split_once(end)) {
        Some((name, _)) => name,
        None => named,
    }
}

/// How many characters of a role's name a pattern fixes; none where it is not about roles.
///
/// The kind may be a pattern itself: `r*x` is every role whose name ends in `x`.
pub(super) fn fixed_of_role(resource: &str) -> Option<usize> {
    const KIND: &str = "role/";
    let fields = fields(resource);
    let ["arn", _, service, _, _, named] = fields.as_slice() else { return None };
    let same = named.chars().zip(KIND.chars()).take_while(|(c, of_kind)| *c == '?' || c == of_kind).count();
    let name = &named.get(same..)?;
    let is_of_roles = same == KIND.len() || name.starts_with('*');
    let fixed = name.chars().filter(|c| !is_wildcard(*c)).count();
    (is_of_roles && covers(service, "iam") && is_pattern(name)).then_some(fixed)
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

    #[test]
    fn wildcards_within_one_named_thing_reach_no_other() {
        for (resource, many) in [
            ("*", true),
            ("?x", true),
            ("arn:aws:s3:::*", true),
            ("arn:aws:s3:::b*", true),
            ("arn:aws:s3:::b?/x", true),
            ("arn:aws:s3:::b/*", false),
            ("arn:aws:s3:::b", false),
            ("arn:aws:s3:r:1:accesspoint/*", true),
            ("arn:aws:s3:r:1:job/*", true),
            ("arn:aws:ec2:*:*:instance/*", true),
            ("arn:aws:ec2:*:1:instance/i-1", true),
            ("arn:aws:sqs:r:*:queue", true),
            ("arn:aws:*:r:1:x", true),
            ("arn:aws*:sqs:r:1:queue", false),
            ("arn:aws:iam::*:role/x", false),
            ("arn:aws:iam::1:role/x-*", true),
            ("arn:aws:secretsmanager:r:1:secret:a-??????", false),
            ("arn:aws:secretsmanager:r:1:secret:a-*", true),
            ("arn:aws:dynamodb:r:1:table/t/index/*", false),
            ("arn:aws:dynamodb:r:1:table/*", true),
            ("arn:aws:logs:r:1:log-group:/a/b:*", false),
            ("arn:aws:logs:r:1:log-group:/a/*", true),
            ("arn:aws:lambda:r:1:function:f:*", false),
            ("arn:aws:lambda:r:1:function:f*", true),
        ] {
            assert_eq!(reaches_many(resource), many, "{resource}");
        }
    }

    #[test]
    fn what_a_pattern_fixes_of_a_roles_name_is_counted() {
        for (resource, fixed) in [
            ("arn:aws:iam::1:role/a*", Some(1)),
            ("arn:aws:iam::1:role/?*", Some(0)),
            ("arn:aws:iam::*:role/*ab*", Some(2)),
            ("arn:*:*:*:*:ro?e/abc-*", Some(4)),
            ("arn:aws:iam::1:r*x", Some(1)),
            ("arn:aws:iam::1:*x", Some(1)),
            ("arn:aws:iam::1:role/a", None),
            ("arn:aws:iam::1:user/a*", None),
            ("arn:aws:sqs:r:1:role/a*", None),
            ("*", None),
        ] {
            assert_eq!(fixed_of_role(resource), fixed, "{resource}");
        }
    }
}
