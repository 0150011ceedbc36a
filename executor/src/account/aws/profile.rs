//! A profile that the environment names and no file defines, in plain words.

use super::answer::NO_CREDENTIALS;
use crate::account::{AccountError, AccountErrorKind};
use crate::session::NamedProfile;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The most that is read of a file of profiles. A person writes these; a thousand profiles have a tenth of it.
const LONGEST_FILE: u64 = 4 << 20;

/// Says that the profile is not there, where that is why no credentials were found.
///
/// The SDK recites all the places where it looked, and where there is no file at all it does not name the profile.
pub(super) fn explain(error: AccountError, named: Option<&NamedProfile>) -> AccountError {
    let none_found = error.kind == AccountErrorKind::Credentials && error.message.starts_with(NO_CREDENTIALS);
    let Some(profile) = named.filter(|_| none_found) else { return error };
    let texts: Vec<_> = profile.files.iter().map(|file| read(file)).collect();
    if texts.iter().flatten().any(|text| defines(text, &profile.name)) {
        return error;
    }
    let looked = profile.files.iter().zip(&texts).map(|(file, text)| {
        let why = if text.is_some() { "" } else { " (which cannot be read)" };
        format!("{}{why}", file.display())
    });
    let looked = if profile.files.is_empty() {
        "nowhere, for there is no HOME".to_owned()
    } else {
        looked.collect::<Vec<_>>().join(" and ")
    };
    let message = format!(
        "{NO_CREDENTIALS}: AWS_PROFILE names the profile {:?}, and there is none of that name; looked for in {looked}",
        profile.name
    );
    AccountError { kind: AccountErrorKind::NoProfile, message, ..error }
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LONGEST_FILE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a file has this section, as either of the two files names it.
///
/// Source: AWS SDKs and Tools Reference Guide, "Format of the `config` and `credentials` files".
fn defines(text: &str, profile: &str) -> bool {
    let names = text.lines().filter_map(|line| line.strip_prefix('[')?.split(']').next());
    let mut names = names.map(|name| {
        let name = name.trim();
        let behind = name.strip_prefix("profile").filter(|rest| rest.starts_with(char::is_whitespace));
        behind.unwrap_or(name).trim().trim_matches(['"', '\''])
    });
    names.any(|name| name == profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_in_either_file_however_it_is_written() {
        let text = "# [commented]\n[default]\nx = y\n[profile deployer]\n[ profile  \"two words\" ]\n[plain]  ; a word\n\
                    [profiled]\n  [indented]\n";
        for there in ["default", "deployer", "two words", "plain", "profiled"] {
            assert!(defines(text, there), "{there}");
        }
        for missing in ["", "commented", "profile", "d", "deploy", "indented", "profile deployer"] {
            assert!(!defines(text, missing), "{missing}");
        }
    }

    #[test]
    fn only_where_no_credentials_were_found_is_a_profile_to_blame() {
        let named = NamedProfile { name: "nope".into(), files: vec!["/nowhere/config".into()] };
        let error = |kind, message: &str| AccountError::unanswered("sts:x", "y", kind, message);
        let none = || error(AccountErrorKind::Credentials, "no usable credentials were found: in the chain");
        let told = explain(none(), Some(&named));
        assert_eq!(told.kind, AccountErrorKind::NoProfile);
        assert!(told.message.ends_with("looked for in /nowhere/config (which cannot be read)"), "{told}");
        assert_eq!(explain(none(), None), none());
        for other in [
            error(AccountErrorKind::Credentials, "the credentials are not accepted: expired"),
            error(AccountErrorKind::Unreachable, "there was no answer: no usable credentials were found"),
        ] {
            assert_eq!(explain(other.clone(), Some(&named)), other);
        }
    }
}
