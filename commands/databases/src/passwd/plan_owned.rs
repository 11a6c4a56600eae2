//! The plan of a new password for an account with an owner: a person's, or a program's that somebody looks after.

use std::collections::BTreeMap;

use countersign_core::access::{Access, Kind};
use countersign_core::command::{Ask, Outcome};
use countersign_core::id::{AccessId, PersonId};
use countersign_core::operation::Trouble;
use countersign_core::plan::{Draft, Effect, Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::text::span;
use countersign_mysql::{AccountState, UserName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::owned::{AT_ONCE, WHEN_OPENED};
use super::{Args, parameters, unknown, wanted};
use crate::databases::{Database, Databases, Role, Side, anywhere};
use crate::trouble::unstored;
use crate::words::detail;

/// The parameters of such a plan, each with its final value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The account, without its host.
    pub(super) account: UserName,
    /// Who gets the new password.
    pub(super) owner: PersonId,
    /// Its record; a program's account may have none yet.
    pub(super) access: Option<AccessId>,
}

impl Wanted {
    pub(super) fn of(plan: &Plan) -> Result<Self, Trouble> {
        wanted(plan)
    }

    fn parameters(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        parameters(self)
    }
}

/// What is known of an account, here and at the server.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) access: Option<Access>,
    owner: Option<PersonId>,
    there: Option<AccountState>,
}

impl Look {
    pub(super) async fn at(
        databases: &Databases,
        database: &Database,
        account: &UserName,
    ) -> Result<Self, Trouble> {
        let access = databases.store.access_of(&database.target, account.as_str());
        let access = access.await.map_err(unstored)?;
        let there = database.primary.account(&anywhere(account)).await;
        let there = there.map_err(|error| database.reading(Side::Primary).failed(error))?;
        let named = database.known(account.as_str()).map(|known| &known.role);
        let owner = match (named, &access) {
            (Some(Role::Service { owner }), _) => Some(owner.clone()),
            (_, access) => access.as_ref().and_then(|access| access.owner.clone()),
        };
        Ok(Self { access, owner, there })
    }

    /// What a plan relies on.
    pub(super) fn facts(&self) -> Facts {
        let access = self.access.as_ref();
        let waiting = access.and_then(|access| access.password.as_ref());
        Facts::from([
            ("access".to_owned(), json!(access.map(|access| &access.id))),
            (
                "state".to_owned(),
                json!(access.map(|access| access.state.word())),
            ),
            ("owner".to_owned(), json!(self.owner)),
            (
                "waiting".to_owned(),
                json!(waiting.and_then(|waiting| waiting.link.as_ref())),
            ),
            ("account".to_owned(), json!(self.at_the_server())),
        ])
    }

    fn at_the_server(&self) -> &'static str {
        match &self.there {
            None => "not there",
            Some(state) if state.locked => "locked",
            Some(_) => "there",
        }
    }

    /// Why its password can't be changed, if it can't.
    fn refusal(&self, database: &Database, account: &UserName) -> Option<Refusal> {
        let (target, access) = (&database.target, self.access.as_ref());
        if let Some(access) = access {
            let no = match access.kind {
                Kind::Twin => "is mine, and is gone in a moment",
                Kind::Stray => "is nobody's: it was found at the server without a record",
                Kind::Person | Kind::Service if !access.usable() => {
                    let word = access.state.word();
                    let words = format!("{account} is {word}: only an account in use gets another password");
                    return Some(Refusal::new(words).hint(format!("!db access show {account} says more.")));
                }
                Kind::Person | Kind::Service => "",
            };
            if !no.is_empty() {
                return Some(Refusal::new(format!("{account} {no}")));
            }
            let waiting = access.password.as_ref().and_then(|waiting| waiting.link.as_ref());
            if let Some(link) = waiting {
                let words = format!("a new password of {account} waits already, in link {link}");
                return Some(Refusal::new(words).hint(format!(
                    "It is set when the link is opened; !burn {link} takes it back, and you can ask again."
                )));
            }
        }
        match &self.there {
            None => Some(
                Refusal::new(format!("{account} is not at {target}"))
                    .hint(format!("!db access grant {account} makes it.")),
            ),
            Some(state) if state.locked => Some(
                Refusal::new(format!(
                    "{account} is locked at {target}, by somebody else than me"
                ))
                .hint("Whoever locked it unlocks it first."),
            ),
            Some(_) => None,
        }
    }
}

pub(super) async fn plan(
    databases: &Databases,
    ask: &Ask<'_>,
    database: &Database,
    named: Option<&PersonId>,
    args: Args,
) -> Result<Outcome, Refusal> {
    let typed = args.account.as_str();
    let Ok(account) = UserName::try_from(typed.to_owned()) else {
        return Err(unknown(databases, database, typed).await?);
    };
    let look = Look::at(databases, database, &account).await?;
    if named.is_none() && look.access.is_none() {
        return Err(unknown(databases, database, typed).await?);
    }
    if let Some(no) = look.refusal(database, &account) {
        return Err(no);
    }
    let Some(owner) = look.owner.clone() else {
        return Err(Refusal::new(format!(
            "nobody owns {account}, so nobody could be given its password"
        )));
    };
    let links = databases.links()?;
    let person = databases.person(&owner)?;
    links
        .reaches(person, ask.message.place.network())
        .map_err(Refusal::new)?;
    database.readable()?;
    let wanted = Wanted {
        access: look.access.as_ref().map(|access| access.id.clone()),
        account,
        owner,
    };
    let valid = span(links.settings().valid);
    let draft = draft(database, &wanted, &look, &valid, args)?;
    Ok(Outcome::Plan(Box::new(draft)))
}

fn draft(
    database: &Database,
    wanted: &Wanted,
    look: &Look,
    valid: &str,
    args: Args,
) -> Result<Draft, Refusal> {
    let Wanted { account, owner, .. } = wanted;
    let when = if args.now {
        format!("at once: whatever logs in with the old one fails until {owner} has put the new one in place")
    } else {
        format!(
            "when {owner} opens the link, within {valid}; until then, and if nobody does, the old one stays"
        )
    };
    let mut details = vec![
        detail("to", format!("{owner}, by a secret link that opens once")),
        detail("when", when),
        detail("open", "sessions that are open go on; nobody is thrown out"),
    ];
    if look.access.is_none() {
        let words = format!("{account} has no record here yet; one is made, with {owner} as its owner");
        details.push(detail("record", words));
    }
    let how = if args.now { " at once" } else { "" };
    Ok(Draft {
        command: None,
        action: if args.now { AT_ONCE } else { WHEN_OPENED }.to_owned(),
        effect: Effect::Destructive,
        target: Some(database.target.clone()),
        resource: None,
        also: Vec::new(),
        summary: format!("change the password of {account} on {}{how}", database.target),
        details,
        parameters: wanted.parameters()?,
        fingerprint: look.facts(),
        reason: args.reason,
    })
}

/// What moved, in words.
pub(super) fn moved(plan: &Plan, found: &Facts) -> String {
    let differs = |name: &str| plan.fingerprint.get(name) != found.get(name);
    let text = |name: &str| {
        found
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("nobody")
            .to_owned()
    };
    let account = plan
        .parameters
        .get("account")
        .and_then(Value::as_str)
        .unwrap_or("the account");
    if differs("account") {
        format!("{account} is {} at the server now", text("account"))
    } else if differs("owner") {
        format!("{account} went to {}", text("owner"))
    } else if differs("waiting") {
        format!("another new password of {account} was made")
    } else {
        format!("the record of {account} changed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            account: UserName::try_from("activedata".to_owned()).unwrap(),
            owner: "carol".into(),
            access: None,
        }
    }

    #[test]
    fn what_is_wanted_survives_the_plan() {
        let fields = wanted().parameters().unwrap().into_iter().collect();
        let read: Wanted = serde_json::from_value(Value::Object(fields)).unwrap();
        assert_eq!(read, wanted());
    }

    #[test]
    fn facts_say_what_is_known_of_an_account_and_nothing_secret() {
        let look = Look {
            access: None,
            owner: Some("carol".into()),
            there: None,
        };
        assert_eq!(
            json!(look.facts()),
            json!({ "access": null, "account": "not there", "owner": "carol", "state": null, "waiting": null })
        );
    }
}
