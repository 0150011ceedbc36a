//! ARNs of another partition inside a request: refused, or mended and said so.

use sts_schemas::aws::Partition;

/// What to do with an ARN of another partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewritePartition {
    /// Refuse the request and name the ARN.
    Refuse,
    /// Put the cluster's partition in its place and note it.
    Rewrite,
}

/// What became of a text that may be an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fitted {
    /// It is none, or fits the partition.
    Unchanged,
    /// It was of another partition and reads like this now.
    Rewritten(String),
    /// It names a partition the cluster is not in; the message says so.
    Foreign(String),
}

/// Holds a text against the cluster's partition.
pub(crate) fn fit(text: &str, partition: Partition, rewrite: RewritePartition) -> Fitted {
    let Some((named, rest)) = text.strip_prefix("arn:").and_then(|rest| rest.split_once(':')) else {
        return Fitted::Unchanged;
    };
    // Wildcards and variables in this place match what IAM finds there.
    if named == partition.id() || named.contains(['*', '?', '$']) {
        return Fitted::Unchanged;
    }
    match (rewrite, named.parse::<Partition>()) {
        (RewritePartition::Rewrite, Ok(_)) => Fitted::Rewritten(format!("arn:{partition}:{rest}")),
        (RewritePartition::Refuse, Ok(_)) => Fitted::Foreign(format!(
            "{text:?} is an ARN of partition {named}, the cluster is in {partition}: \
             mend the request, or give --rewrite-partition"
        )),
        (_, Err(_)) => Fitted::Foreign(format!("{text:?} names no AWS partition that is known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_arn_that_names_another_partition_is_touched() {
        let gov = Partition::AwsUsGov;
        for text in
            ["*", "arn:aws-us-gov:s3:::x", "arn:*:s3:::x", "arn:aws*:s3:::x", "xarn:aws:s3:::x", "arn:aws"]
        {
            assert_eq!(fit(text, gov, RewritePartition::Refuse), Fitted::Unchanged, "{text}");
        }
        let rewritten = fit("arn:aws:s3:::x/arn:aws:y", gov, RewritePartition::Rewrite);
        assert_eq!(rewritten, Fitted::Rewritten("arn:aws-us-gov:s3:::x/arn:aws:y".into()));
        assert!(matches!(fit("arn:aws:s3:::x", gov, RewritePartition::Refuse), Fitted::Foreign(_)));
        assert!(matches!(fit("arn:mars:s3:::x", gov, RewritePartition::Rewrite), Fitted::Foreign(_)));
    }
}
