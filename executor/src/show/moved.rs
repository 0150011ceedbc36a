//! What has changed between a plan that was approved and the plan as it is now.

use super::printable;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::resource::Address;
use sts_schemas::state::Leftovers;

/// One line for each thing that moved, in the order of the plan.
#[must_use]
pub fn moved(approved: &Plan, now: &Plan) -> Vec<String> {
    let texts = |plan: &Plan| {
        let bundle = plan.bundle.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        [
            ("cluster", plan.cluster.to_string()),
            ("bundle", bundle),
            ("account", plan.account.to_string()),
            ("partition", plan.partition.to_string()),
            ("region", plan.region.to_string()),
        ]
    };
    let heads = texts(approved).into_iter().zip(texts(now)).filter(|(was, is)| was != is);
    let mut lines: Vec<_> = heads
        .map(|((name, was), (_, is))| format!("the {name}: {was} was approved, {is} it is now"))
        .collect();
    // A bucket may have two steps: one to empty it, and one to delete it.
    let by_address = |plan: &Plan| -> BTreeMap<(Address, bool), Step> {
        let key = |step: &Step| (step.address(), matches!(step, Step::Empty { .. }));
        plan.steps.iter().map(|step| (key(step), step.clone())).gather()
    };
    let (was, is) = (by_address(approved), by_address(now));
    for address in was.keys().chain(is.keys()).gather::<BTreeSet<_>>() {
        let what = match (was.get(address), is.get(address)) {
            (Some(was), None) => format!("nothing is to be done now; to {} it was approved", was.verb()),
            (None, Some(is)) => format!("to {} now; nothing was approved", is.verb()),
            (Some(was), Some(is)) if was.verb() != is.verb() => {
                format!("to {} now; to {} was approved", is.verb(), was.verb())
            }
            (Some(was), Some(is)) if was != is => differing(was, is),
            _ => continue,
        };
        lines.push(format!("{}: {what}", address.0));
    }
    let standing =
        |plan: &Plan| -> BTreeSet<Address> { plan.foreign.keys().chain(&plan.orphans).cloned().gather() };
    let (was, is) = (standing(approved), standing(now));
    lines.extend(is.difference(&was).map(|address| format!("{address}: foreign or orphaned now")));
    lines.extend(was.difference(&is).map(|address| format!("{address}: foreign or orphaned no more")));
    let buckets: BTreeSet<_> = approved.leftovers.keys().chain(now.leftovers.keys()).gather();
    for bucket in buckets {
        let [was, is] = [approved, now].map(|plan| plan.leftovers.get(bucket).cloned().unwrap_or_default());
        lines.extend((was != is).then(|| format!("bucket/{bucket}: {}", others_in_it(&was, &is))));
    }
    if approved.notes != now.notes {
        lines.push("the notes".into());
    }
    if lines.is_empty() {
        lines.push("the values that were left open, or the keys of tokens".into());
    }
    lines.iter().map(|line| printable(line)).collect()
}

/// How that which nobody asked for differs from what was seen: by the keys that are named, or only in all.
fn others_in_it(was: &Leftovers, is: &Leftovers) -> String {
    let keys = |left: &Leftovers| left.keys.iter().chain(&left.hidden).cloned().gather::<BTreeSet<_>>();
    let list = |one: &Leftovers, other: &Leftovers| {
        keys(one).difference(&keys(other)).map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("it holds other things than were seen then: {} then, {} now", was.count, is.count);
    for (what, keys) in [("named now", list(is, was)), ("named no more", list(was, is))] {
        if !keys.is_empty() {
            text = format!("{text}; {what}: {keys}");
        }
    }
    text
}

/// In what two steps of one kind at one address differ.
fn differing(was: &Step, is: &Step) -> String {
    if let (Step::Empty { leftovers: was, .. }, Step::Empty { leftovers: is, .. }) = (was, is) {
        return others_in_it(was, is);
    }
    if let (Step::Update { changes: was, .. }, Step::Update { changes: is, .. }) = (was, is) {
        let names = was.keys().chain(is.keys()).gather::<BTreeSet<_>>().into_iter();
        let names: Vec<_> =
            names.filter(|name| was.get(*name) != is.get(*name)).map(String::as_str).collect();
        if !names.is_empty() {
            return format!("other changes than were approved: {}", names.join(", "));
        }
    }
    "it is not as it was seen then".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(steps: &Value, foreign: &Value) -> Plan {
        serde_json::from_value(json!({
            "schema_version": "1.0", "purpose": "apply", "bundle": null, "cluster": "demo",
            "account": "123456789012", "partition": "aws", "region": "eu-west-1", "steps": steps,
            "foreign": foreign, "orphans": [], "leftovers": {}, "notes": [],
        }))
        .unwrap()
    }

    fn object(key: &str, body: &str) -> Value {
        json!({ "kind": "object", "bucket": "demo-oidc", "key": key, "content_type": "application/json",
                "body": body, "tags": {} })
    }

    fn update(key: &str, old: &str) -> Value {
        json!({ "action": "update", "before": object(key, old), "after": object(key, "new"),
                "changes": { "content": { "old": old, "new": "new" } } })
    }

    #[test]
    fn every_kind_of_movement_has_its_line() {
        let create = |key: &str| json!({ "action": "create", "after": object(key, "new") });
        let approved =
            plan(&json!([create("gone"), create("other"), create("same"), update("was", "one")]), &json!({}));
        let foreign = json!({ "role/demo-x": "it lacks the tag" });
        let mut now = plan(
            &json!([update("other", "there"), create("same"), update("was", "two"), create("fresh")]),
            &foreign,
        );
        now.account = "999988887777".parse().unwrap();
        assert_eq!(
            moved(&approved, &now),
            [
                "the account: 123456789012 was approved, 999988887777 it is now",
                "object/demo-oidc/fresh: to create now; nothing was approved",
                "object/demo-oidc/gone: nothing is to be done now; to create it was approved",
                "object/demo-oidc/other: to update now; to create was approved",
                "object/demo-oidc/was: other changes than were approved: content",
                "role/demo-x: foreign or orphaned now",
            ]
        );
    }
}
