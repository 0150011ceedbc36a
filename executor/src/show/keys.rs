//! What becomes of the keys that an issuer serves, each by its id.

use super::{Paint, Tone, printable};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::Change;

/// A line for each key that comes, stays or goes; nothing where a change is not one of keys and of nothing else.
pub(super) fn change(change: &Change, paint: Paint) -> Option<String> {
    let (old, new) = (by_id(change.old.as_ref()?)?, by_id(change.new.as_ref()?)?);
    if old.keys().eq(new.keys()) || old.iter().any(|(id, key)| new.get(id).is_some_and(|new| new != key)) {
        return None;
    }
    let ids: BTreeSet<&str> = old.keys().chain(new.keys()).copied().gather();
    let line = |id: &str| match (old.contains_key(id), new.contains_key(id)) {
        (true, true) => format!("  key {} stays", printable(id)),
        (false, _) => paint.tone(Tone::Added, &format!("+ key {} comes", printable(id))),
        (true, false) => paint.tone(Tone::Removed, &format!("- key {} goes", printable(id))),
    };
    Some(ids.into_iter().fold(String::new(), |text, id| text + "        " + &line(id) + "\n"))
}

/// The keys of a set of keys by their ids; nothing where it is another document, or has a key without one.
fn by_id(document: &Value) -> Option<BTreeMap<&str, &Value>> {
    let members = document.as_object().filter(|members| members.len() == 1)?;
    let keys = members.get("keys")?.as_array()?;
    let by_id: BTreeMap<_, _> = keys.iter().filter_map(|key| Some((key["kid"].as_str()?, key))).gather();
    (by_id.len() == keys.len()).then_some(by_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(old: &[(&str, &str)], new: &[(&str, &str)]) -> Option<String> {
        let keys = |keys: &[(&str, &str)]| {
            let keys: Vec<_> = keys.iter().map(|(kid, n)| json!({"kid": kid, "n": n})).collect();
            Some(json!({"keys": keys}))
        };
        change(&Change { old: keys(old), new: keys(new) }, Paint::Plain)
    }

    #[test]
    fn keys_come_stay_and_go_by_their_ids_and_one_that_is_another_is_shown_whole() {
        let exchanged = shown(&[("a", "1"), ("b", "2")], &[("b", "2"), ("c", "3")]).unwrap();
        let lines: Vec<_> = exchanged.lines().map(str::trim).collect();
        assert_eq!(lines, ["- key a goes", "key b stays", "+ key c comes"]);
        assert_eq!(shown(&[("a", "1")], &[("a", "2"), ("b", "3")]), None);
        assert_eq!(shown(&[("a", "1"), ("b", "2")], &[("b", "2"), ("a", "1")]), None);
        let twice = json!({"keys": [{"kid": "a"}, {"kid": "a"}]});
        assert_eq!(by_id(&twice), None);
        assert_eq!(by_id(&json!({"keys": [], "more": 1})), None);
    }
}
