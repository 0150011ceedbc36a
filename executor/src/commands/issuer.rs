//! Looking at the issuer's URL before or after an apply.

use super::account::AccountArgs;
use crate::account::{Runtime, Web};
use crate::issuer::{Patience, probe};
use crate::session::{Listener, Session};
use std::time::Instant;
use sts_schemas::cluster::Hosting;
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};

/// When the issuer is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before anything is changed: somebody else serves the issuer, and AWS is not told of it before it is right.
    Before,
    /// When all is done: this apply made what serves it.
    After,
}

impl Moment {
    /// The moment that is right for the bundle.
    pub(super) fn of(contents: &Contents) -> Self {
        match contents.desired.cluster.hosting {
            Hosting::Elsewhere => Self::Before,
            Hosting::PublicBucket { .. } | Hosting::PrivateBucket { .. } | Hosting::SharedBucket { .. } => {
                Self::After
            }
        }
    }
}

/// Fetches the issuer's documents over its real URL and holds them against the bundle's.
pub(super) fn look(
    runtime: &Runtime,
    contents: &Contents,
    account: &AccountArgs,
    moment: Moment,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let web = Web::trusting(&account.roots(session)?);
    let issuer = &contents.desired.cluster.issuer;
    session.tell(&format!("Looking at {issuer}."));
    let patience = match moment {
        Moment::Before => Patience::Standing,
        Moment::After => Patience::Settling { limit: account.time_limit() },
    };
    let listener = session.listener();
    let get = |url: &str| {
        let began = Instant::now();
        let got = runtime.block_on(web.get(url));
        if let Some(Listener(told)) = listener {
            told(&format!("Fetched {url}: {} ms.", began.elapsed().as_millis()));
        }
        got
    };
    let probed = probe(issuer, &contents.documents, patience, get, std::thread::sleep);
    let notes = probed.map_err(|error| {
        let (exit, hint) = match moment {
            Moment::Before => (
                Exit::Failed,
                "nothing was changed; serve 02-openid-configuration and 03-keys.json of the bundle at these URLs, \
                 then run this again",
            ),
            Moment::After => (
                Exit::PartlyApplied,
                "the account is as wanted, and its names may need minutes to be known; run the same command again",
            ),
        };
        Failure::new(exit, error).hint(hint)
    })?;
    for note in notes {
        session.warn(&format!("Note: {note}"));
    }
    session.tell("The issuer serves the bundle's documents: issuer and keys are right.");
    Ok(())
}
