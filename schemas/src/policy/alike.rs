//! What is one and the same to IAM, though its text differs.

use super::sorted;
use serde_json::Value;

/// Whether two meanings are one to IAM, which takes no account of case in actions.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action".
#[must_use]
pub fn same_meaning(one: &Value, other: &Value) -> bool {
    one == other || regardless_of_case(one) == regardless_of_case(other)
}

/// A meaning with its actions in lower case; what is no policy stays as it is.
fn regardless_of_case(value: &Value) -> Value {
    let Value::Object(map) = value else { return value.clone() };
    let lower = |list: &Value| {
        let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        sorted(texts.map(str::to_ascii_lowercase))
    };
    let members = map.iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("Action" | "NotAction", list) => lower(list),
            ("Statement", Value::Array(statements)) => {
                let mut statements: Vec<Value> = statements.iter().map(regardless_of_case).collect();
                statements.sort_by_key(Value::to_string);
                statements.into()
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    Value::Object(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyDocument;

    fn document(text: &str) -> PolicyDocument {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn only_the_case_of_actions_is_nothing_to_iam() {
        let statement = |action: &str| {
            let text = format!(r#"{{"Effect":"Allow","Action":{action},"Resource":"a"}}"#);
            document(&format!(
                r#"{{"Version":"2012-10-17","Statement":[{text},{{"Effect":"Deny","NotAction":"b:Z"}}]}}"#
            ))
        };
        let one = statement(r#"["s3:GetObject","ec2:Run"]"#).meaning();
        assert!(same_meaning(&one, &statement(r#"["EC2:run","S3:getobject"]"#).meaning()));
        assert!(!same_meaning(&one, &statement(r#""EC2:run""#).meaning()));
        let other = document(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:X","Resource":"A"}]}"#,
        );
        let small = document(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:X","Resource":"a"}]}"#,
        );
        assert!(!same_meaning(&other.meaning(), &small.meaning()));
    }
}
