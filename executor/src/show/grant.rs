//! What a role lets whom do, put in order for people: by service, wildcards marked.

use super::plan::service_accounts;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::policy::{Effect, OneOrMany, Statement};
use sts_schemas::resource::{Resource, Role};
use sts_schemas::state::Desired;

/// A role, who may take it on, and what it may then do.
#[derive(Debug)]
pub(super) struct Grant<'a> {
    /// The role.
    pub(super) role: &'a Role,
    /// The service accounts its trust policy lets in, as `namespace:name`.
    pub(super) accounts: Vec<String>,
    /// Its permissions, by service.
    pub(super) services: BTreeMap<ServiceName, Service>,
}

/// What a role may do with one service.
#[derive(Debug)]
pub(super) struct Service {
    /// The actions, sorted, each once.
    pub(super) actions: BTreeSet<Action>,
    /// Where they may be done.
    pub(super) reach: Reach,
    /// The statements that speak of them, by number.
    statements: BTreeSet<usize>,
    /// Those of them that name the resources they leave out.
    all_but_resources: BTreeSet<usize>,
    /// Those of them that have conditions.
    conditional: BTreeSet<usize>,
}

/// How far a service's actions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// To resources that the policy names or conditions narrow.
    Named,
    /// Some so, and some to every resource without a condition.
    Mixed,
    /// To every resource, without a condition.
    Everything,
}

impl Reach {
    fn of(statement: &Statement) -> Self {
        let everything = statement.resource.iter().flat_map(OneOrMany::iter).any(|resource| resource == "*");
        let conditions = statement.condition.iter().flatten().count();
        if everything && conditions == 0 { Self::Everything } else { Self::Named }
    }

    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Mixed }
    }

    /// What to write behind the actions; nothing where all of them are narrowed.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Named => "",
            Self::Mixed => ", some on every resource",
            Self::Everything => ", on every resource",
        }
    }
}

/// A service in a role's permissions: what is allowed of it stands apart from what is denied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceName {
    /// The part of an action before the colon; `*` where a statement names no service, or what it leaves out.
    pub(super) name: String,
    /// How the actions are meant.
    pub(super) sense: Sense,
    /// The statement that names what it leaves out: what two leave out is not what they leave out together.
    alone: Option<usize>,
}

impl ServiceName {
    fn of(action: &str, sense: Sense, number: usize) -> Self {
        if sense.is_all_but() {
            return Self { name: "*".to_owned(), sense, alone: Some(number) };
        }
        let name = action.split_once(':').map_or("*", |(service, _)| service).to_owned();
        Self { name, sense, alone: None }
    }

    /// What people call it.
    pub(super) fn called(&self) -> &str {
        if self.name == "*" { "every service" } else { &self.name }
    }
}

/// How a list of actions is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sense {
    /// These are allowed.
    Allowed,
    /// All but these are allowed: the reverse of what a list looks like.
    AllowedAllBut,
    /// These are forbidden.
    Denied,
    /// All but these are forbidden.
    DeniedAllBut,
}

impl Sense {
    fn of(effect: Effect, element: Element) -> Self {
        match (effect, element) {
            (Effect::Allow, Element::Action) => Self::Allowed,
            (Effect::Allow, Element::NotAction) => Self::AllowedAllBut,
            (Effect::Deny, Element::Action) => Self::Denied,
            (Effect::Deny, Element::NotAction) => Self::DeniedAllBut,
        }
    }

    /// What to write before the actions; nothing where they are simply allowed.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Allowed => "",
            Self::AllowedAllBut => "every action but",
            Self::Denied => "denied",
            Self::DeniedAllBut => "denied: every action but",
        }
    }

    /// Whether the list names what is left out.
    pub(super) fn is_all_but(self) -> bool {
        matches!(self, Self::AllowedAllBut | Self::DeniedAllBut)
    }

    /// Whether something is forbidden.
    pub(super) fn is_denied(self) -> bool {
        matches!(self, Self::Denied | Self::DeniedAllBut)
    }
}

/// Which element of a statement lists the actions.
#[derive(Clone, Copy)]
enum Element {
    Action,
    NotAction,
}

/// One action of a policy, as it is written there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Action(pub(super) String);

impl Action {
    /// Whether it stands for more than one action.
    pub(super) fn is_wildcard(&self) -> bool {
        is_pattern(&self.0)
    }

    /// Whether it stands for every action of its service, or of all.
    fn is_every(&self) -> bool {
        self.verb().bytes().all(|byte| byte == b'*')
    }

    /// The action without its service.
    pub(super) fn verb(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(_, verb)| verb)
    }
}

/// Whether IAM takes a text for a pattern. Source: IAM User Guide, "Using wildcards in policies".
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The roles a bundle asks for, in the order of their names.
pub(super) fn grants(desired: &Desired) -> Vec<Grant<'_>> {
    let roles = desired.resources.values().filter_map(|resource| match resource {
        Resource::Role(role) => Some(role),
        _ => None,
    });
    roles.map(Grant::of).collect()
}

impl<'a> Grant<'a> {
    fn of(role: &'a Role) -> Self {
        let mut services: BTreeMap<ServiceName, Service> = BTreeMap::new();
        for (number, statement) in (1..).zip(role.inline.values().flat_map(|policy| &policy.statement)) {
            for (action, sense) in actions(statement) {
                let new = || Service::of(Reach::of(statement));
                let service = services.entry(ServiceName::of(action, sense, number)).or_insert_with(new);
                service.add(action, number, statement);
            }
        }
        Self { role, accounts: service_accounts(&role.trust), services }
    }

    /// The statements of its permissions policies, counted from 1.
    pub(super) fn statements(&self) -> impl Iterator<Item = (usize, &'a Statement)> {
        (1..).zip(self.role.inline.values().flat_map(|policy| &policy.statement))
    }
}

impl Service {
    fn of(reach: Reach) -> Self {
        Self {
            actions: BTreeSet::new(),
            reach,
            statements: BTreeSet::new(),
            all_but_resources: BTreeSet::new(),
            conditional: BTreeSet::new(),
        }
    }

    fn add(&mut self, action: &str, number: usize, statement: &Statement) {
        self.actions.insert(Action(action.to_owned()));
        self.reach = self.reach.and(Reach::of(statement));
        self.statements.insert(number);
        if statement.not_resource.is_some() {
            self.all_but_resources.insert(number);
        }
        if statement.condition.iter().flatten().next().is_some() {
            self.conditional.insert(number);
        }
    }

    /// How many actions are named, and how many wildcards besides, in words.
    pub(super) fn count(&self) -> String {
        let plural =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        if self.actions.iter().any(Action::is_every) {
            return "every action".to_owned();
        }
        let wild = self.actions.iter().filter(|action| action.is_wildcard()).count();
        let parts = [(self.actions.len() - wild, "action"), (wild, "wildcard")];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        parts.map(|(count, word)| plural(count, word)).collect::<Vec<_>>().join(", ")
    }

    /// What the names of actions and resources do not tell: that resources are named that are left out, and conditions.
    pub(super) fn marks(&self) -> Vec<String> {
        let marks = [
            (&self.all_but_resources, "on every resource but those named"),
            (&self.conditional, "only under conditions"),
        ];
        let marks = marks.into_iter().filter(|(of, _)| !of.is_empty());
        marks
            .map(|(of, words)| {
                let some = if *of == self.statements { "" } else { "some " };
                format!("{some}{words}")
            })
            .collect()
    }

    /// Where its actions may be done, to write behind them.
    pub(super) fn extent(&self) -> String {
        let marks = self.marks().into_iter().map(|mark| format!(", {mark}"));
        self.reach.words().to_owned() + &marks.collect::<String>()
    }
}

/// Every action a statement names, with how it is meant.
fn actions(statement: &Statement) -> impl Iterator<Item = (&str, Sense)> {
    let lists = [(&statement.action, Element::Action), (&statement.not_action, Element::NotAction)];
    lists.into_iter().flat_map(move |(list, element)| {
        let sense = Sense::of(statement.effect, element);
        list.iter().flat_map(OneOrMany::iter).map(move |action| (action, sense))
    })
}

/// The actions a statement speaks of, a text each; marked where it names what it leaves out.
pub(super) fn action_texts(statement: &Statement) -> Vec<String> {
    let only = statement.action.iter().flat_map(OneOrMany::iter).map(str::to_owned);
    only.chain(all_but(statement.not_action.as_ref())).collect()
}

/// What a statement applies to, a text each; marked where it names what it leaves out.
pub(super) fn resources(statement: &Statement) -> Vec<String> {
    let only = statement.resource.iter().flat_map(OneOrMany::iter).map(str::to_owned);
    only.chain(all_but(statement.not_resource.as_ref())).collect()
}

/// One text for all that is left out: apart, each would take back what the others say.
fn all_but(list: Option<&OneOrMany>) -> Option<String> {
    let names: Vec<_> = list?.iter().collect();
    Some(format!("everything but {}", names.join(", ")))
}

/// The conditions of a statement, a text each.
pub(super) fn conditions(statement: &Statement) -> Vec<String> {
    let mut found = Vec::new();
    for (operator, keys) in statement.condition.iter().flatten() {
        for (key, values) in keys {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            found.push(format!("{key} {operator} {}", values.join(", ")));
        }
    }
    found
}
