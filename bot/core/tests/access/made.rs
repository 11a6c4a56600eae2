//! What the game and the stories are made of: operations, accesses, links.

use std::collections::BTreeMap;

use countersign_core::access::{Access, Kind, NewAccess};
use countersign_core::approval::Origin;
use countersign_core::digest::Digest;
use countersign_core::id::{AccessId, OperationId};
use countersign_core::link::{GUESSES, Link, State};
use countersign_core::message::{Assurance, Place};
use countersign_core::operation::{self, Operation};
use countersign_core::plan::{Effect, Plan, SCHEMA, SealedPlan};
use countersign_core::time::{Duration, Timestamp, after, before};
use countersign_secrets::base64url;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

use super::server::{DATABASE, room};
use super::world::{account, at};

/// Whose accounts there are; the owner of the access of a number is the number's rest.
pub(crate) const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// What an operation does is played by the tests.
pub(crate) fn operation(id: &OperationId) -> Operation {
    let plan = Plan {
        schema: SCHEMA,
        command: "db".into(),
        action: "db access grant".into(),
        effect: Effect::Destructive,
        target: Some(DATABASE.into()),
        resource: None,
        also: Vec::new(),
        summary: "grant".into(),
        details: Vec::new(),
        parameters: BTreeMap::new(),
        fingerprint: BTreeMap::new(),
        requester: "bob".into(),
        reason: None,
        policy: Digest::of(b"policy"),
        created: at(0),
        not_after: at(3600),
        nonce: "nonce".into(),
    };
    Operation {
        id: id.clone(),
        request: "R-0001".into(),
        plan: SealedPlan::seal(&plan).unwrap(),
        origin: Origin {
            place: Place::Room(room()),
            account: Some(account("bob")),
            assurance: Assurance::Account,
            nick: "bob".into(),
            message: "m-1".into(),
        },
        signers: Vec::new(),
        // It waits: the engine of the test's bot has no action for it.
        state: operation::State::Running,
        step: 0,
        tries: 0,
        step_began: at(0),
        began: at(0),
        ended: None,
        wake_at: Some(Timestamp::MAX),
        phase: String::new(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 0,
    }
}

/// How it came to its end.
pub(crate) fn over(operation: &Operation, good: bool) -> Operation {
    let words = String::new();
    Operation {
        state: if good {
            operation::State::Succeeded { words }
        } else {
            operation::State::Failed { words }
        },
        ..operation.clone()
    }
}

/// Bob asks for an access for whoever the account is named after; it lasts so long, and twice as long at most.
pub(crate) fn access(id: &str, name: &str, operation: &str, made: Timestamp, lasts: Duration) -> Access {
    let ends = after(made, lasts);
    Access::new(NewAccess {
        id: id.into(),
        database: DATABASE.into(),
        account: format!("cs_{name}"),
        kind: Kind::Person,
        owner: Some(name.into()),
        requester: Some("bob".into()),
        request: Some("R-0001".into()),
        operation: Some(operation.into()),
        asked_in: Some(Place::Room(room())),
        tables: None,
        made,
        ends: Some(ends),
        latest_end: Some(after(made, lasts * 2)),
        remind_at: Some(before(ends, lasts / 4)),
    })
}

/// What proves that somebody has the address of the link of this number.
pub(crate) fn proof(n: u8) -> LinkProof {
    LinkProof::parse(&base64url::encode(&[n; 32])).unwrap()
}

/// What proves that they have its phrase.
pub(crate) fn auth(n: u8) -> AuthProof {
    AuthProof::parse(&base64url::encode(&[n; 32])).unwrap()
}

/// The link of this number, whose opening an access waits for; it can be opened for an hour.
pub(crate) fn link(n: u8, access: &AccessId, to: &str, made: Timestamp) -> Link {
    Link {
        id: format!("K7QM{n:02X}").into(),
        path: PathId([n; 16]),
        header: "{}".into(),
        nonce: [5; 12],
        link: proof(n).digest(),
        auth: auth(n).digest(),
        phrase: None,
        recipient: to.into(),
        requester: "bob".into(),
        request: "R-0001".into(),
        operation: "7F3K".into(),
        target: Some(DATABASE.into()),
        access: Some(access.clone()),
        title: format!("{to}'s access to {DATABASE}"),
        sent_to: Place::Direct(account(to)),
        asked_in: Place::Room(room()),
        disowned: None,
        state: State::Live,
        attempts_left: GUESSES,
        made,
        expires: after(made, Duration::from_hours(1)),
        version: 0,
    }
}
