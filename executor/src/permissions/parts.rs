//! A policy that is longer than IAM takes, as several that are not and together allow the same.

use super::MANAGED_POLICY_LENGTH;
use sts_schemas::policy::{OneOrMany, PolicyDocument, Statement};

/// The policy in as few parts as its statements, in their order, allow; one part where it is short enough.
///
/// A statement that is too long alone is cut by its resources, and its pieces are numbered: a Sid comes once in a policy.
#[must_use]
pub fn parts(policy: PolicyDocument) -> Vec<PolicyDocument> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    for statement in policy.statement.into_iter().flat_map(pieces) {
        part.push(statement);
        if !fits(&part)
            && part.len() > 1
            && let Some(next) = part.pop()
        {
            parts.push(PolicyDocument::of(std::mem::replace(&mut part, vec![next])));
        }
    }
    parts.push(PolicyDocument::of(part));
    parts
}

fn fits(statements: &[Statement]) -> bool {
    PolicyDocument::of(statements.to_vec()).counted_length() <= MANAGED_POLICY_LENGTH
}

/// A statement as it is, or as several that fit a policy each.
fn pieces(statement: Statement) -> Vec<Statement> {
    let mut pieces = vec![statement];
    while let Some(long) = pieces.iter().position(|piece| !fits(std::slice::from_ref(piece))) {
        let Some(OneOrMany::Many(resources)) = &pieces[long].resource else { break };
        if resources.len() < 2 {
            break;
        }
        let (first, second) = resources.split_at(resources.len() / 2);
        let with = |resources: &[String]| Statement {
            resource: Some(OneOrMany::Many(resources.to_vec())),
            ..pieces[long].clone()
        };
        let halves = [with(first), with(second)];
        pieces.splice(long..=long, halves);
    }
    if pieces.len() > 1 {
        for (number, piece) in pieces.iter_mut().enumerate() {
            piece.sid = piece.sid.take().map(|sid| format!("{sid}{}", number + 1));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sid: &str, resources: usize) -> Statement {
        let name = |number| format!("arn:aws:iam::123456789012:role/{sid}-{number:0>40}");
        Statement {
            sid: Some(sid.to_owned()),
            action: Some(OneOrMany::One("iam:GetRole".to_owned())),
            resource: Some(OneOrMany::Many((0..resources).map(name).collect())),
            ..Statement::allow()
        }
    }

    #[test]
    fn every_part_fits_and_together_they_hold_every_resource_once() {
        let sizes = [1, 30, 300, 2, 70, 1];
        let whole = sizes.iter().enumerate().map(|(index, size)| statement(&format!("S{index}x"), *size));
        let whole: Vec<_> = whole.collect();
        let parts = parts(PolicyDocument::of(whole.clone()));
        assert!(parts.len() > 4, "{}", parts.len());
        let mut found = Vec::new();
        for part in &parts {
            assert!(part.counted_length() <= MANAGED_POLICY_LENGTH);
            let sids: std::collections::BTreeSet<_> = part.statement.iter().map(|one| &one.sid).collect();
            assert_eq!(sids.len(), part.statement.len(), "a Sid comes once in a policy");
            found.extend(part.statement.iter().filter_map(|one| one.resource.clone()).flat_map(list));
        }
        let wanted: Vec<_> = whole.into_iter().filter_map(|one| one.resource).flat_map(list).collect();
        assert_eq!(found, wanted);
    }

    fn list(resources: OneOrMany) -> Vec<String> {
        match resources {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }

    #[test]
    fn a_policy_that_fits_is_one_part() {
        let policy = PolicyDocument::of(vec![statement("Only", 3)]);
        assert_eq!(parts(policy.clone()), [policy]);
    }
}
