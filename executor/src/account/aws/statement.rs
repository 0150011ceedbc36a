//! Single statements of a bucket's policy: what others wrote beside them stays, letter for letter.

use super::access_control::still_moving;
use super::answer::Answer;
use super::bucket::{Client, NOT_YET};
use super::bucket_read::ABSENT;
use super::document;
use super::patience::patiently;
use crate::account::AccountError;
use serde_json::{Value, json};
use std::time::Duration;
use sts_schemas::policy::{PolicyDocument, Statement};
use sts_schemas::resource::{BucketStatement, DISTRIBUTION_REFERENCE};

/// How often a policy is written at most: who is undone that often is told.
const WRITINGS: u32 = 5;

/// How long to wait for others' writes: longer each time, and not as long as others with another statement do.
fn pause(sid: &str, round: u32) -> Duration {
    const SHORTEST: u64 = 250;
    let share = sid.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % SHORTEST);
    Duration::from_millis((SHORTEST + share) << round.min(3))
}

fn meaning(statement: Option<Statement>) -> Option<Value> {
    statement.map(|statement| PolicyDocument::of(vec![statement]).meaning())
}

/// A bucket's policy as it is stored.
pub(super) struct StoredPolicy(Value);

impl StoredPolicy {
    /// From its text; what is no JSON object of IAM's has no statements to speak of.
    pub(super) fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    fn statements(&self) -> Vec<Value> {
        match &self.0["Statement"] {
            Value::Array(statements) => statements.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        }
    }

    /// The statement with this `Sid`, if it is there and can be understood.
    pub(super) fn statement(&self, sid: &str) -> Option<Statement> {
        let found = self.statements().into_iter().find(|statement| statement["Sid"] == sid)?;
        serde_json::from_value(found).ok()
    }

    /// The text without the statements whose `Sid` is of this project's; `None` when nothing is left.
    pub(super) fn of_others(&self) -> Option<PolicyDocument> {
        let others = self.keeping(|sid| !sid.starts_with(BucketStatement::SID_PREFIX));
        others.map(|text| document::read(&text.to_string()))
    }

    /// The policy with only those statements whose `Sid` (empty where there is none) passes.
    fn keeping(&self, passes: impl Fn(&str) -> bool) -> Option<Value> {
        let mut kept = self.statements();
        kept.retain(|statement| passes(statement["Sid"].as_str().unwrap_or_default()));
        let mut policy = self.0.clone();
        if kept.is_empty() {
            return None;
        }
        policy["Statement"] = kept.into();
        Some(policy)
    }

    /// The policy with this statement in it, once.
    fn with(&self, sid: &str, statement: Value) -> Value {
        let mut policy = self.keeping(|known| known != sid).unwrap_or_else(|| self.0.clone());
        if !policy.is_object() {
            policy = json!({ "Version": "2012-10-17" });
        }
        let mut statements = Self(policy.clone()).statements();
        statements.retain(|known| known["Sid"] != sid);
        statements.push(statement);
        policy["Statement"] = statements.into();
        policy
    }
}

impl Client {
    /// Puts one statement beside the others; `distribution` is the id it may refer to.
    pub(super) async fn put_statement(
        &self,
        after: &BucketStatement,
        distribution: Option<&str>,
    ) -> Result<(), AccountError> {
        const CALL: &str = "s3:PutBucketPolicy";
        let text = serde_json::to_string(&after.statement).unwrap_or_default();
        let text = match distribution {
            Some(id) => text.replace(DISTRIBUTION_REFERENCE, id),
            None if text.contains(DISTRIBUTION_REFERENCE) => {
                return Err(self.failed(CALL, "the distribution it refers to is not there".into()));
            }
            None => text,
        };
        let statement: Value = serde_json::from_str(&text).unwrap_or_default();
        let wanted = meaning(serde_json::from_value(statement.clone()).ok());
        let stands =
            |stored: &StoredPolicy| wanted.is_some() && meaning(stored.statement(&after.sid)) == wanted;
        self.rewrite_policy(&after.sid, stands, |stored| Some(stored.with(&after.sid, statement.clone())))
            .await
    }

    /// Takes one statement out again.
    pub(super) async fn delete_statement(&self, sid: &str) -> Result<(), AccountError> {
        self.rewrite_policy(sid, |stored| !stored.has(sid), |stored| stored.keeping(|known| known != sid))
            .await
    }

    /// Writes what `change` makes of the policy until it `stands` so when it is read again a while later.
    ///
    /// S3 takes a policy whole and without a word of what its writer had read: of two that change it at once, the one
    /// that writes last undoes what the other wrote. That one reads it again, and writes again.
    async fn rewrite_policy(
        &self,
        sid: &str,
        stands: impl Fn(&StoredPolicy) -> bool,
        change: impl Fn(&StoredPolicy) -> Option<Value>,
    ) -> Result<(), AccountError> {
        for round in 0..WRITINGS {
            let stored = self.stored_policy().await?.unwrap_or(StoredPolicy(Value::Null));
            if stands(&stored) {
                return Ok(());
            }
            self.put_policy_text(change(&stored).map(|policy| policy.to_string())).await?;
            tokio::time::sleep(pause(sid, round)).await;
        }
        let stored = self.stored_policy().await?.unwrap_or(StoredPolicy(Value::Null));
        if stands(&stored) { Ok(()) } else { Err(still_moving("s3:PutBucketPolicy", &self.on())) }
    }

    /// Takes everything out but this project's own statements, which have addresses of their own.
    pub(super) async fn strip_policy(&self) -> Result<(), AccountError> {
        let stored = self.stored_policy().await?;
        let own =
            stored.and_then(|stored| stored.keeping(|sid| sid.starts_with(BucketStatement::SID_PREFIX)));
        self.put_policy_text(own.map(|policy| policy.to_string())).await
    }

    /// The policy as it is stored; `None` where there is none, or no bucket.
    pub(super) async fn stored_policy(&self) -> Result<Option<StoredPolicy>, AccountError> {
        let ask = self.s3.get_bucket_policy().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let answer = ask.send().await.or_absent("s3:GetBucketPolicy", &self.on(), &ABSENT)?;
        Ok(answer.and_then(|answer| answer.policy).map(|text| StoredPolicy::read(&text)))
    }

    /// Puts this text, or takes the policy away.
    pub(super) async fn put_policy_text(&self, policy: Option<String>) -> Result<(), AccountError> {
        let (name, owner) = (self.name.as_str(), &self.owner);
        let Some(policy) = policy else {
            let ask = self.s3.delete_bucket_policy().bucket(name).expected_bucket_owner(owner);
            let answer = patiently(&NOT_YET, || ask.clone().send()).await;
            return answer.or_absent("s3:DeleteBucketPolicy", &self.on(), &ABSENT).map(drop);
        };
        let ask = self.s3.put_bucket_policy().bucket(name).expected_bucket_owner(owner).policy(policy);
        // The public access block that was just loosened may not have reached all of S3.
        let not_yet = [NOT_YET[0], NOT_YET[1], ("AccessDenied", "BlockPublicPolicy")];
        let answer = patiently(&not_yet, || ask.clone().send()).await;
        answer.or_error("s3:PutBucketPolicy", &self.on()).map(drop)
    }
}

impl StoredPolicy {
    fn has(&self, sid: &str) -> bool {
        self.statements().iter().any(|statement| statement["Sid"] == sid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: &str = r#"{"Version":"2008-10-17","Id":"theirs","Statement":{"Sid":"Keep","Effect":"Allow",
        "Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shared/x","Unknown":1}}"#;

    #[test]
    fn a_statement_comes_and_goes_and_what_others_wrote_stays_to_the_letter() {
        let sid = "StsHandoff0123";
        let others = StoredPolicy::read(OTHERS);
        let with = StoredPolicy(others.with(sid, json!({"Sid": sid, "Effect": "Allow"})));
        assert_eq!(with.0["Id"], "theirs");
        assert_eq!(with.statements()[0], others.statements()[0]);
        let again = with.with(sid, json!({"Sid": sid, "Effect": "Deny"}));
        assert_eq!(StoredPolicy(again).statements().len(), 2, "it stands there once");
        let without = StoredPolicy(with.keeping(|known| known != sid).unwrap());
        assert_eq!(without.statements(), others.statements());
    }

    #[test]
    fn the_last_statement_takes_the_policy_with_it() {
        let alone =
            StoredPolicy(StoredPolicy(Value::Null).with("StsHandoff1", json!({"Sid": "StsHandoff1"})));
        assert_eq!(alone.0["Version"], "2012-10-17");
        assert_eq!(alone.keeping(|sid| sid != "StsHandoff1"), None);
        assert!(alone.of_others().is_none());
    }
}
