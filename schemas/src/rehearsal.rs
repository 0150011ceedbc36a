//! What a rehearsal saw: the whole way once, on an account in memory.

use crate::manifest::SchemaVersion;
use crate::plan::Plan;
use crate::receipt::Receipt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A bundle planned, applied, planned again and deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The plan for an empty account.
    pub plan: Plan,
    /// The receipt of that plan's apply.
    pub applied: Receipt,
    /// The plan after that, which has nothing to do.
    pub second_plan: Plan,
    /// The receipt of the delete.
    pub deleted: Receipt,
    /// How many resources were left in the end.
    pub left: usize,
}
