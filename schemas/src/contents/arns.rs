//! Whether an ARN is of the cluster's partition and account.

use super::ContentsReader;
use crate::policy::PolicyDocument;
use serde_json::Value;

impl ContentsReader {
    /// Every ARN in a policy must be of the cluster's partition, and of its account.
    pub(super) fn check_partition(&mut self, path: &str, policy: &PolicyDocument) {
        let mut arns = Vec::new();
        collect_arns(&policy.meaning(), &mut arns);
        for arn in arns {
            self.check_arn(path, &arn);
        }
    }

    pub(super) fn check_arn(&mut self, path: &str, arn: &str) {
        let (partition, account) = (self.cluster.partition, self.cluster.account.clone());
        let mut parts = arn.splitn(6, ':').skip(1);
        let of_partition = parts.next().unwrap_or_default();
        if of_partition != partition.id() && of_partition != "*" {
            self.problem(path, format!("{arn} is not of the cluster's partition {partition}"));
        }
        // Partition, service, region, account. S3 names no account, and `aws` owns the managed policies.
        // Source: AWS General Reference, "Amazon Resource Names (ARNs)".
        let service = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (region, of_account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // `*` names no account, and gives less than the resource `*` alone, which every policy may have. A wildcard before
        // the account would cover it, colons and all; in IAM and STS every ARN has an account.
        let walled = ["iam", "sts"].contains(&service.as_str()) || service.contains(['*', '?', '$']);
        let any = of_account == "*" || !walled && of_account.is_empty();
        let covered = walled && region.contains(['*', '?', '$']);
        if covered || !any && !["aws", account.as_str()].contains(&of_account) {
            self.problem(path, format!("{arn} is not of the cluster's account {account}"));
        }
    }
}

fn collect_arns(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("arn:") => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect_arns(value, found)),
        Value::Object(map) => map.values().for_each(|value| collect_arns(value, found)),
        _ => {}
    }
}
