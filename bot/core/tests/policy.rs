//! Policy: what it allows, and what it says when it does not.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "policy/team.rs"]
mod team;
#[path = "policy/words.rs"]
mod words;

use countersign_core::id::{CommandPath, TargetName};
use countersign_core::message::{Assurance, Place};
use countersign_core::plan::Effect;
use countersign_core::policy::{Decision, Policy, Question, Rule, Who};

use team::{Asked, answer, asked, of, rule, team_policy};

/// The rule that allows it, or `no: ` and the words.
fn decide(asked: &Asked<'_>) -> String {
    decide_by(&team_policy(), asked)
}

fn decide_by(policy: &Policy, asked: &Asked<'_>) -> String {
    answer(asked, |question, directory| {
        match policy.decide(question, directory) {
            Decision::Allowed(rule) => rule.name.to_string(),
            Decision::Denied(denial) => format!("no: {}", denial.words),
        }
    })
}

#[test]
fn the_first_rule_that_matches_allows() {
    assert_eq!(decide(&asked("alice", "deploy stage")), "deployers deploy");
    assert_eq!(decide(&asked("alice", "deploy prototype")), "deployers deploy");
    assert_eq!(
        decide(&asked("bob", "rollback prod")),
        "prod is rolled back by two"
    );
    let read = Asked {
        effect: Some(Effect::Read),
        ..asked("mallory", "ping")
    };
    assert_eq!(decide(&read), "everybody reads");
    let direct = Asked {
        place: "direct",
        ..asked("bob", "deploy stage")
    };
    assert_eq!(decide(&direct), "deployers deploy");
}

#[test]
fn a_room_of_one_network_is_not_the_room_of_that_name_on_another() {
    let decide = |rooms: &[&str], place: &str| {
        let policy = Policy {
            forbid: vec![],
            allow: vec![Rule {
                rooms: of(rooms),
                ..rule("ops", &["restart"])
            }],
        };
        let asked = Asked {
            place,
            ..asked("alice", "restart")
        };
        decide_by(&policy, &asked)
    };
    // The team is on the network irc.
    for listed in ["irc/#ops", "irc/#o*", "irc/*", "#ops", "#o*", "*"] {
        assert_eq!(decide(&[listed], "#ops"), "ops", "{listed}");
    }
    for listed in [
        "libera/#ops",
        "libera/*",
        "irc/#dev",
        "irc/ops",
        "direct",
        "irc2/#ops",
    ] {
        let said = decide(&[listed], "#ops");
        assert!(said.starts_with("no: only in "), "{listed}: {said}");
    }
    assert_eq!(
        decide(&["libera/#ops", "direct"], "#ops"),
        "no: only in libera/#ops or a direct message"
    );
    assert_eq!(decide(&["#a/b"], "#a/b"), "ops");
    assert_eq!(decide(&["irc/#a/b"], "#a/b"), "ops");
    assert_eq!(decide(&["irc/*"], "direct"), "no: only in irc/*");
}

#[test]
fn before_there_is_a_plan_any_effect_of_a_plan_will_do() {
    let unknown = Asked {
        effect: None,
        ..asked("dave", "run stage")
    };
    assert_eq!(
        decide(&unknown),
        "no: no rule allows run to change anything, only read"
    );
    let change = asked("dave", "run stage");
    assert_eq!(
        decide(&change),
        "no: no rule allows run when its effect is change, only read"
    );
    let deploy = Asked {
        effect: None,
        ..asked("alice", "deploy stage")
    };
    assert_eq!(decide(&deploy), "deployers deploy");
}

#[test]
fn a_denial_says_who_could() {
    let no = "no: it needs the role deployer (alice, bob have it)";
    assert_eq!(decide(&asked("dave", "deploy stage")), no);
    let only = "no: only alice or bob may";
    assert_eq!(decide(&asked("dave", "link")), only);
}

#[test]
fn a_denial_says_where() {
    let elsewhere = Asked {
        place: "#random",
        ..asked("bob", "deploy stage")
    };
    assert_eq!(decide(&elsewhere), "no: only in #treeherder or a direct message");
    let stranger_elsewhere = Asked {
        place: "#random",
        ..asked("erin", "deploy prod")
    };
    assert_eq!(
        decide(&stranger_elsewhere),
        "no: it needs the role deployer (alice, bob have it), and only in #treeherder"
    );
    assert_eq!(
        decide(&asked("bob", "rollback stage")),
        "no: it is allowed only on prod"
    );
    assert_eq!(
        decide(&asked("bob", "rollback")),
        "no: it is allowed only on prod"
    );
}

#[test]
fn a_denial_says_when() {
    let evening = Asked {
        at: "2026-03-10T16:00:00Z",
        ..asked("bob", "deploy prod")
    };
    let no = "no: now is outside Mon-Fri 09:00-17:00 Europe/Berlin";
    assert_eq!(decide(&evening), no);
    assert_eq!(decide(&asked("bob", "deploy prod")), "prod in office hours");
}

#[test]
fn a_denial_says_how_to_be_known() {
    let nick = Asked {
        assurance: Assurance::Nick,
        ..asked("somebody", "deploy stage")
    };
    assert_eq!(
        decide(&nick),
        "no: it needs the role deployer (alice, bob have it), and your nick is not logged in: that needs an account"
    );
    assert_eq!(
        decide(&asked("somebody", "deploy stage")),
        "no: it needs the role deployer (alice, bob have it), and I don't know whose account yours is; whoever runs \
         the bot adds it to your name"
    );
    let mut strict = team_policy();
    strict.allow[2].assurance = Assurance::Device;
    assert_eq!(
        decide_by(&strict, &asked("bob", "rollback prod")),
        "no: it has to come in an encrypted message from a verified device"
    );
}

#[test]
fn what_forbids_comes_first_and_says_its_name() {
    let mut policy = team_policy();
    policy.forbid[0].times = Some("Mon-Sun 00:00-24:00 UTC".parse().unwrap());
    let no = "no: it is forbidden by the rule \"no deploys by interns\"";
    assert_eq!(decide(&asked("carol", "deploy stage")), no);
    assert_eq!(
        decide_by(&policy, &asked("carol", "deploy stage")),
        format!("{no} (Mon-Sun 00:00-24:00 UTC)")
    );
    // Neither does a weaker proof get around it.
    policy.forbid[0].assurance = Assurance::Passkey;
    assert!(decide_by(&policy, &asked("carol", "deploy stage")).starts_with(no));
}

#[test]
fn nothing_is_allowed_that_no_rule_allows() {
    assert_eq!(
        decide_by(&Policy::default(), &asked("alice", "ping")),
        "no: nobody may: no rule allows ping"
    );
    let mut empty = rule("nobody", &["ping"]);
    empty.who = Who::default();
    let policy = Policy {
        allow: vec![empty],
        ..Policy::default()
    };
    assert_eq!(decide_by(&policy, &asked("alice", "ping")), "no: only nobody may");
}

#[test]
fn an_empty_list_matches_nothing() {
    for set in [
        (|rule: &mut Rule| rule.commands = of(&[])) as fn(&mut Rule),
        |rule| rule.targets = of(&[]),
        |rule| rule.rooms = of(&[]),
    ] {
        let mut policy = Policy {
            allow: vec![rule("ping", &["ping"])],
            ..Policy::default()
        };
        assert_eq!(decide_by(&policy, &asked("alice", "ping stage")), "ping");
        set(&mut policy.allow[0]);
        assert!(decide_by(&policy, &asked("alice", "ping stage")).starts_with("no: "));
    }
}

#[test]
fn what_changes_two_targets_is_under_one_rule_about_both_and_what_forbids_it_on_one_forbids_it() {
    let directory = team::team();
    let (prod, database) = (TargetName::from("prod"), [TargetName::from("prod-db")]);
    let command = CommandPath::from("db passwd");
    let decide = |policy: &Policy| {
        let question = Question {
            command: &command,
            effect: Some(Effect::Destructive),
            target: Some(&prod),
            also: &database,
            person: directory.person(&"alice".into()).map(|person| &**person),
            assurance: Assurance::Account,
            place: &Place::Direct(team::account("alice")),
            now: team::NOON.parse().unwrap(),
        };
        match policy.decide(&question, &directory) {
            Decision::Allowed(rule) => rule.name.to_string(),
            Decision::Denied(denial) => format!("no: {}", denial.words),
        }
    };
    let on = |name: &str, targets: &[&str]| Rule {
        targets: of(targets),
        ..rule(name, &["db"])
    };
    let mut policy = Policy {
        forbid: vec![],
        allow: vec![on("apps", &["prod"]), on("databases", &["prod-db"])],
    };
    assert_eq!(
        decide(&policy),
        "no: it changes prod and prod-db, and no one rule allows it on all of them"
    );
    policy.allow.push(on("both", &["prod*"]));
    assert_eq!(decide(&policy), "both");
    policy.forbid.push(Rule {
        effects: vec![Effect::Destructive],
        ..on("not there", &["prod-db"])
    });
    assert_eq!(decide(&policy), "no: it is forbidden by the rule \"not there\"");
}

/// What is asked about a command of several words, which is about no target.
fn decide_path(policy: &Policy, path: &str, effect: Effect) -> String {
    let directory = team::team();
    let command = CommandPath::from(path);
    let question = Question {
        command: &command,
        effect: Some(effect),
        target: None,
        also: &[],
        person: directory.person(&"alice".into()).map(|person| &**person),
        assurance: Assurance::Account,
        place: &Place::Direct(team::account("alice")),
        now: team::NOON.parse().unwrap(),
    };
    match policy.decide(&question, &directory) {
        Decision::Allowed(rule) => rule.name.to_string(),
        Decision::Denied(denial) => format!("no: {}", denial.words),
    }
}

#[test]
fn a_rule_about_a_subcommand_is_about_it_alone_and_one_about_the_command_about_all() {
    let policy = Policy {
        forbid: vec![rule("nobody resets", &["db reset"])],
        allow: vec![
            rule("revoking", &["db access revoke"]),
            rule("access", &["db access *"]),
            rule("databases", &["db"]),
        ],
    };
    let decide = |path| decide_path(&policy, path, Effect::Destructive);
    assert_eq!(decide("db access revoke"), "revoking");
    assert_eq!(decide("db access grant"), "access");
    assert_eq!(decide("db passwd"), "databases");
    assert_eq!(decide("dba"), "no: nobody may: no rule allows dba");
    assert!(decide("db reset").starts_with("no: it is forbidden"));
}

#[test]
fn the_first_rule_decides_and_not_the_most_exact() {
    let mut policy = Policy {
        forbid: vec![],
        allow: vec![
            rule("databases", &["db"]),
            rule("revoking", &["db access revoke"]),
        ],
    };
    assert_eq!(
        decide_path(&policy, "db access revoke", Effect::Change),
        "databases"
    );
    policy.allow.reverse();
    assert_eq!(
        decide_path(&policy, "db access revoke", Effect::Change),
        "revoking"
    );
    assert_eq!(decide_path(&policy, "db list", Effect::Read), "databases");
}

#[test]
fn a_denial_names_the_subcommand_and_the_rule_that_is_nearest() {
    let policy = Policy {
        forbid: vec![],
        allow: vec![
            Rule {
                effects: vec![Effect::Read],
                ..rule("reading", &["*"])
            },
            Rule {
                who: team::people(&["bob"]),
                ..rule("revoking", &["db access revoke"])
            },
        ],
    };
    assert_eq!(
        decide_path(&policy, "db access revoke", Effect::Destructive),
        "no: only bob may"
    );
    assert_eq!(
        decide_path(&policy, "db access grant", Effect::Destructive),
        "no: no rule allows db access grant when its effect is destructive, only read"
    );
}

/// Its subcommand is not known any more: what forbids any of them forbids it, what allows one does not allow it.
#[test]
fn a_plan_of_an_older_version_is_under_the_rules_of_its_command() {
    let allow = vec![
        rule("revoking", &["db access revoke"]),
        rule("databases", &["db"]),
    ];
    let policy = Policy {
        forbid: vec![],
        allow,
    };
    assert_eq!(decide_path(&policy, "db", Effect::Destructive), "databases");
    let policy = Policy {
        forbid: vec![rule("nobody revokes", &["db access revoke"])],
        ..policy
    };
    assert!(decide_path(&policy, "db", Effect::Destructive).starts_with("no: it is forbidden"));
    assert_eq!(decide_path(&policy, "db", Effect::Read), "databases");
    assert_eq!(
        decide_path(&policy, "db access grant", Effect::Destructive),
        "databases"
    );
}
