//! What accounts are called: a person's has our prefix, a program's is the one that the configuration names. No other
//! account is ever made, changed or dropped.

use countersign_core::access::{Kind, PREFIX};
use countersign_core::id::PersonId;
use countersign_core::refusal::Refusal;
use countersign_core::text::visible;
use countersign_mysql::UserName;

use crate::databases::{Database, Role};

/// What the names of twins begin with, behind the prefix.
const PROBE: &str = "probe_";
/// The longest name behind the prefix: MySQL takes 32 characters.
const LONGEST: usize = 29;

/// An account by what was typed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The account.
    pub(crate) user: UserName,
    /// A person's or a program's.
    pub(crate) kind: Kind,
    /// Who looks after a program's.
    pub(crate) owner: Option<PersonId>,
}

/// The account that is meant by what was typed: `dave`, `cs_dave`, `activedata`.
pub(crate) fn named(database: &Database, typed: &str) -> Result<Named, Refusal> {
    if let Some(known) = database.known(typed) {
        return match &known.role {
            Role::Service { owner } => Ok(Named {
                user: known.name.clone(),
                kind: Kind::Service,
                owner: Some(owner.clone()),
            }),
            Role::App { app, .. } => Err(Refusal::new(format!(
                "{} is the account that {app} works with, not one to be given to anybody",
                known.name
            ))
            .hint(format!(
                "Its password: !db passwd {} {}",
                database.target, known.name
            ))),
        };
    }
    let bare = typed.strip_prefix(PREFIX).unwrap_or(typed);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if bare.is_empty() || bare.len() > LONGEST || !bare.bytes().all(plain) {
        return Err(Refusal::new(format!(
            "{} can't be the name of an account: it has 1 to {LONGEST} of a-z, 0-9 and _ ({PREFIX} comes before it by itself)",
            visible(typed)
        )));
    }
    if bare.starts_with(PROBE) {
        return Err(Refusal::new(format!(
            "names that begin with {PREFIX}{PROBE} are for the bot's own short-lived accounts"
        ))
        .hint("Choose another."));
    }
    let user = format!("{PREFIX}{bare}").parse();
    let user =
        user.map_err(|error| Refusal::new(format!("{bare} can't be the name of an account: {error}")))?;
    Ok(Named {
        user,
        kind: Kind::Person,
        owner: None,
    })
}

/// A name for a twin: `cs_probe_k7qm2x`, of six random letters and digits.
pub(super) fn of_twin(random: &dyn countersign_core::random::Random) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 6];
    random.fill(&mut bytes);
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    format!("{PREFIX}{PROBE}{}", letters.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use countersign_core::random::SeededRandom;

    use super::*;
    use crate::databases::tests::prod;

    fn account(typed: &str) -> Result<(String, Kind), String> {
        let named = named(&prod(), typed).map_err(|no| no.sentence())?;
        Ok((named.user.to_string(), named.kind))
    }

    #[test]
    fn a_name_gets_our_prefix_and_a_programs_is_taken_as_it_is() {
        assert_eq!(account("dave"), Ok(("cs_dave".to_owned(), Kind::Person)));
        assert_eq!(account("cs_dave"), Ok(("cs_dave".to_owned(), Kind::Person)));
        assert_eq!(
            account("activedata"),
            Ok(("activedata".to_owned(), Kind::Service))
        );
        let longest = "a".repeat(29);
        assert_eq!(account(&longest).unwrap().0.len(), 32);
    }

    #[test]
    fn what_can_be_no_name_is_refused_in_words() {
        let too_long = "a".repeat(30);
        for typed in [
            "",
            "cs_",
            "Dave",
            "d-ave",
            "d'ave",
            "dave@10.%",
            "d`",
            "dävid",
            &too_long,
        ] {
            let no = account(typed).unwrap_err();
            assert!(no.contains("can't be the name of an account"), "{no}");
        }
        assert_eq!(
            account("probe_k7qm2x").unwrap_err(),
            "names that begin with cs_probe_ are for the bot's own short-lived accounts. Choose another."
        );
        assert_eq!(
            account("th_admin").unwrap_err(),
            "th_admin is the account that prod works with, not one to be given to anybody. Its password: !db passwd \
             prod-db th_admin"
        );
    }

    #[test]
    fn a_twin_has_a_name_that_only_twins_have() {
        let name = of_twin(&SeededRandom::new(1));
        assert_eq!(name.len(), "cs_probe_".len() + 6);
        assert!(name.parse::<UserName>().unwrap().is_plain());
        assert_ne!(name, of_twin(&SeededRandom::new(2)));
        assert!(named(&prod(), &name).is_err());
    }
}
