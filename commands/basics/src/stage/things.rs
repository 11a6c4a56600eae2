//! What there is to talk about: a plan, its request, its operation, a link, a drop box.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use countersign_core::approval::{Origin, Request};
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::digest::Digest;
use countersign_core::drop_box::{self, DropBox};
use countersign_core::link::{self, Link};
use countersign_core::message::{Assurance, Place, Room};
use countersign_core::operation::{Operation, State};
use countersign_core::plan::{Detail, Effect, Plan, SCHEMA, SealedPlan};
use countersign_core::policy::Rule;
use countersign_core::refusal::Refusal;
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::link_proof;
use countersign_secrets::path_id::PathId;

use super::{account, ago, ahead, rule, seat};

/// Where alice asked.
pub(crate) fn origin() -> Origin {
    Origin {
        place: Place::Room(Room {
            network: "irc".into(),
            name: "#ops".into(),
        }),
        account: Some(account("alice")),
        assurance: Assurance::Account,
        nick: "alice".to_owned(),
        message: "m0".into(),
    }
}

/// Alice's plan to roll back prod, made 4 minutes ago.
pub(crate) fn plan() -> SealedPlan {
    let plan = Plan {
        schema: SCHEMA,
        command: "rollback".into(),
        action: "rollback".to_owned(),
        effect: Effect::Destructive,
        target: Some("prod".into()),
        resource: Some("7b1c".to_owned()),
        also: Vec::new(),
        summary: "roll back prod from v813 to v811".to_owned(),
        details: vec![Detail {
            label: "code".to_owned(),
            lines: vec!["8d07be4 → 3f2a91c".to_owned()],
        }],
        parameters: BTreeMap::new(),
        fingerprint: BTreeMap::new(),
        requester: "alice".into(),
        reason: None,
        policy: Digest::ZERO,
        created: ago(4),
        not_after: ahead(36),
        nonce: "00".to_owned(),
    };
    SealedPlan::seal(&plan).unwrap()
}

/// Alice's request for it, which waits.
pub(crate) fn request() -> Request {
    let rule = Rule {
        seats: vec![seat()],
        ..rule("prod")
    };
    Request::new("R-4QXB".into(), plan(), origin(), &rule, BTreeSet::new(), ago(4))
        .request()
        .clone()
}

/// The operation that runs it, signed by bob.
pub(crate) fn operation(state: State) -> Operation {
    Operation {
        id: "7F4B".into(),
        request: "R-4QXB".into(),
        plan: plan(),
        origin: origin(),
        signers: vec!["bob".into()],
        state,
        step: 0,
        tries: 0,
        step_began: ago(2),
        began: ago(3),
        ended: None,
        wake_at: None,
        phase: "release phase running".to_owned(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 4,
    }
}

/// The keys that secrets are sealed with.
pub(super) fn keys() -> SealingKeys {
    let key = SealingKey::of(&Secret::from("5a".repeat(32))).unwrap();
    SealingKeys::new(key, Vec::new())
}

/// A link that alice asked for, for somebody, sent to them.
pub(crate) fn link(recipient: &str, expires: Timestamp) -> Link {
    let path = PathId([7; 16]);
    let key = LinkKey::new([8; 32]);
    let proof = link_proof(&path, &key).digest();
    Link {
        id: "K7QM2X".into(),
        path,
        header: String::new(),
        nonce: [0; 12],
        link: proof,
        auth: proof,
        phrase: Some(keys().seal("phrase of link K7QM2X", [9; 12], b"TR7K-09QF-MZ4C-W8XE")),
        recipient: recipient.into(),
        requester: "alice".into(),
        request: "R-4QXB".into(),
        operation: "7F4B".into(),
        target: Some("prod".into()),
        title: "prod's DATABASE_URL".to_owned(),
        sent_to: Place::Direct(account(recipient)),
        asked_in: origin().place,
        state: link::State::Live,
        access: None,
        disowned: None,
        attempts_left: 5,
        made: ago(30),
        expires,
        version: 0,
    }
}

/// A drop box of somebody's, which is open.
pub(crate) fn drop_box(owner: &str, expires: Timestamp) -> DropBox {
    let path = PathId([6; 16]);
    DropBox {
        id: "8T3KQZ".into(),
        path,
        header: String::new(),
        link: link_proof(&path, &LinkKey::new([5; 32])).digest(),
        public: "04".repeat(65),
        private: None,
        content: None,
        owner: owner.into(),
        origin: origin(),
        sent_to: Place::Direct(account(owner)),
        purpose: "the value of NEW_KEY on stage".to_owned(),
        target: Some("stage".into()),
        then: "config set stage NEW_KEY --box 8T3KQZ".to_owned(),
        by_itself: true,
        state: drop_box::State::Open,
        made: ago(20),
        expires,
        version: 0,
    }
}

/// A command with subcommands, which looks when there is none.
pub(crate) struct Vars;

/// What an app is made with.
#[derive(clap::Args)]
pub(crate) struct VarsArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Name them.
    List { target: String },
    /// Show one.
    Get {
        target: String,
        #[arg(long_help = "its names: vars list <target>")]
        name: String,
    },
    /// Set one.
    Set {
        target: String,
        name: String,
        value: Option<String>,
    },
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[async_trait]
impl Command for Vars {
    type Args = VarsArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "vars",
            aliases: &[],
            effect: Effect::Destructive,
            examples: &["vars list prod", "vars get prod A", "vars set prod A"],
            stopped_by_hold: false,
        }
    }

    /// A value that was said is answered like a question.
    fn effect(&self, args: &VarsArgs) -> Effect {
        match &args.verb {
            Verb::Get { .. } | Verb::Set { value: None, .. } => Effect::Destructive,
            Verb::List { .. } | Verb::Set { .. } | Verb::Other(_) => Effect::Read,
        }
    }

    fn target<'a>(&self, args: &'a VarsArgs) -> Option<&'a str> {
        match &args.verb {
            Verb::List { target } | Verb::Get { target, .. } | Verb::Set { target, .. } => Some(target),
            Verb::Other(words) => words.first().map(String::as_str),
        }
    }

    async fn run(&self, _ask: &Ask<'_>, args: VarsArgs) -> Result<Outcome, Refusal> {
        Err(Refusal::new(match args.verb {
            Verb::Get { name, .. } | Verb::Set { name, .. } => format!("this is a test of {name}"),
            Verb::List { .. } | Verb::Other(_) => "this is a test".to_owned(),
        }))
    }
}
