//! Whether an ARN is of the cluster's partition and account.

use super::ContentsReader;
use crate::cluster::Cluster;
use crate::open;
use crate::policy::PolicyDocument;
use serde_json::Value;

impl ContentsReader {
    /// Every ARN in a policy must be of the cluster's partition, and of its account.
    pub(super) fn check_partition(&mut self, path: &str, policy: &PolicyDocument) {
        for what in of_policy(&self.cluster, policy) {
            self.problem(path, what);
        }
    }

    pub(super) fn check_arn(&mut self, path: &str, arn: &str) {
        for what in faults(&self.cluster, arn) {
            self.problem(path, what);
        }
    }
}

/// What is wrong with the ARNs of a permissions policy, told with tokens for what is open.
#[must_use]
pub fn arn_faults(cluster: &Cluster, policy: &PolicyDocument) -> Vec<String> {
    let faults = of_policy(cluster, policy);
    faults.into_iter().map(|what| open::told(what, &cluster.open())).collect()
}

fn of_policy(cluster: &Cluster, policy: &PolicyDocument) -> Vec<String> {
    let mut arns = Vec::new();
    collect_arns(&policy.meaning(), &mut arns);
    arns.iter().flat_map(|arn| faults(cluster, arn)).collect()
}

fn faults(cluster: &Cluster, arn: &str) -> Vec<String> {
    let (partition, account) = (cluster.partition, &cluster.account);
    let mut faults = Vec::new();
    let mut parts = arn.splitn(6, ':').skip(1);
    let of_partition = parts.next().unwrap_or_default();
    if of_partition != partition.id() && of_partition != "*" {
        faults.push(format!("{arn} is not of the cluster's partition {partition}"));
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
        faults.push(format!("{arn} is not of the cluster's account {account}"));
    }
    faults
}

fn collect_arns(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("arn:") => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect_arns(value, found)),
        Value::Object(map) => map.values().for_each(|value| collect_arns(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Partition;
    use crate::cluster::Hosting;

    #[test]
    fn only_what_names_another_account_or_could_cover_one_is_of_another() {
        let cluster = Cluster {
            name: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            partition: Partition::Aws,
            region: "us-east-1".parse().unwrap(),
            hosting: Hosting::Elsewhere,
            issuer: "https://issuer.example.org".parse().unwrap(),
            former: None,
        };
        for (arn, taken) in [
            ("arn:aws:iam::123456789012:role/x", true),
            ("arn:aws:iam::aws:policy/x", true),
            ("arn:aws:iam::*:role/x", true),
            ("arn:*:iam::*:role/*-x", true),
            ("arn:aws:iam:::role/x", false),
            ("arn:aws:iam::12345678901?:role/x", false),
            ("arn:aws:iam::000000000000:role/x", false),
            ("arn:aws:iam:*:*:role/x", false),
            ("arn:aws:*:*:*:role/x", false),
            ("arn:aws:s3:::x/*", true),
            ("arn:aws:ec2:*:*:subnet/*", true),
            ("arn:aws-cn:s3:::x", false),
        ] {
            assert_eq!(faults(&cluster, arn).is_empty(), taken, "{arn}");
        }
    }
}
