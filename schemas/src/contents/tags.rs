//! The tags of what a bundle makes.

use super::ContentsReader;
use crate::cli_input::{self, Tag};
use crate::cluster::{OWNED, OWNERSHIP_PREFIX};
use crate::resource::{GENERATION_TAG, OWN_TAG_PREFIX, Tags};
use std::collections::BTreeSet;

/// The most tags a bucket, an OIDC provider or a role takes. Source: IAM User Guide, "IAM and AWS STS
/// quotas"; S3 takes as many for a bucket, and ten for an object, which `hosting` checks.
const MOST_TAGS: usize = 50;

impl ContentsReader {
    /// The tags of a list, which must mark the resource as the cluster's.
    pub(super) fn owned_tags(&mut self, path: &str, list: &[Tag]) -> Tags {
        let tags = cli_input::tags_of(list).unwrap_or_else(|error| {
            self.problem(path, error);
            Tags::new()
        });
        self.check_tags(path, &tags);
        tags
    }

    pub(super) fn check_tags(&mut self, path: &str, tags: &Tags) {
        let key = self.cluster.name.ownership_tag();
        if tags.get(&key).is_none_or(|value| value != OWNED) {
            self.problem(path, format!("the tag {key} = {OWNED} is missing"));
        }
        if tags.len() > MOST_TAGS {
            self.problem(path, format!("AWS takes at most {MOST_TAGS} tags, these are {}", tags.len()));
        }
        // IAM takes no account of case in keys.
        let is_ours = |known: &String| *known == key || known == GENERATION_TAG;
        let names_whose = |known: &str| {
            let lower = known.to_ascii_lowercase();
            lower.starts_with(OWNERSHIP_PREFIX)
                || lower.starts_with(OWN_TAG_PREFIX)
                || lower.starts_with("aws:")
        };
        for other in tags.keys().filter(|known| names_whose(known) && !is_ours(known)) {
            self.problem(
                path,
                format!("the tag {other:?} is another cluster's, or kept for AWS or for these programs"),
            );
        }
        let mut keys = BTreeSet::new();
        for twice in tags.keys().filter(|known| !keys.insert(known.to_ascii_lowercase())) {
            self.problem(
                path,
                format!("the tag {twice:?} differs from another only by case, which IAM does not take"),
            );
        }
        for (key, value) in tags {
            if [key, value].iter().any(|text| text.chars().any(char::is_control)) {
                self.problem(
                    path,
                    format!("the tag {key:?} has a control character in it, which AWS does not take"),
                );
            }
            if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
                self.problem(
                    path,
                    format!("the tag {key:?} is longer than AWS takes: 128 and 256 characters"),
                );
            }
            for open in self.cluster.open() {
                if [key, value].iter().any(|text| text.contains(open.stand_in())) {
                    let what = format!("{} stands in a tag: a tag has no open {open} in it", open.token());
                    self.problem(path, what);
                }
            }
        }
    }
}
