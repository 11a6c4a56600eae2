//! Policy: what it allows, and what it says when it does not.

use std::collections::BTreeSet;

use countersign_core::id::TargetName;
use countersign_core::message::{Account, Assurance, Place, Room};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::Effect;
use countersign_core::policy::{Decision, Names, Policy, Question, Rule, Seat, Who, words};
use countersign_core::time::{Duration, Timestamp};

fn account(name: &str) -> Account {
    Account {
        network: "irc".into(),
        name: name.into(),
    }
}

fn person(name: &str, roles: &[&str]) -> Person {
    Person {
        id: name.into(),
        roles: roles.iter().copied().map(Into::into).collect::<BTreeSet<_>>(),
        accounts: vec![account(name)],
    }
}

fn team() -> Directory {
    let people = [
        person("alice", &["deployer", "admin"]),
        person("bob", &["deployer"]),
        person("carol", &["intern"]),
        person("dave", &[]),
        person("erin", &["admin"]),
    ];
    Directory::new(people).unwrap()
}

fn of(names: &[&str]) -> Names {
    Names::Of(names.iter().map(ToString::to_string).collect())
}

fn roles(roles: &[&str]) -> Who {
    Who {
        roles: roles.iter().copied().map(Into::into).collect(),
        ..Who::default()
    }
}

fn people(people: &[&str]) -> Who {
    Who {
        people: people.iter().copied().map(Into::into).collect(),
        ..Who::default()
    }
}

fn seat(count: u8, of: Who) -> Seat {
    Seat {
        count,
        of,
        assurance: Assurance::Account,
    }
}

fn rule(name: &str, commands: &[&str]) -> Rule {
    Rule {
        name: name.into(),
        commands: of(commands),
        effects: vec![],
        targets: Names::Any,
        who: Who {
            anyone: true,
            ..Who::default()
        },
        rooms: Names::Any,
        assurance: Assurance::Nick,
        seats: vec![],
        times: None,
        pending: Duration::from_secs(3_600),
        valid: Duration::from_secs(1_800),
    }
}

fn team_policy() -> Policy {
    let everybody_reads = Rule {
        effects: vec![Effect::Read],
        ..rule("everybody reads", &["*"])
    };
    let deploys = Rule {
        targets: of(&["stage", "proto*"]),
        who: roles(&["deployer"]),
        rooms: of(&["#treeherder", "direct"]),
        assurance: Assurance::Account,
        ..rule("deployers deploy", &["deploy"])
    };
    let rollback = Rule {
        targets: of(&["prod"]),
        who: roles(&["deployer"]),
        assurance: Assurance::Account,
        seats: vec![seat(1, people(&["bob", "erin"]))],
        ..rule("prod is rolled back by two", &["rollback"])
    };
    let office = Rule {
        targets: of(&["prod"]),
        who: roles(&["deployer"]),
        rooms: of(&["#treeherder"]),
        assurance: Assurance::Account,
        times: Some("Mon-Fri 09:00-17:00 Europe/Berlin".parse().unwrap()),
        ..rule("prod in office hours", &["deploy"])
    };
    let links = Rule {
        who: people(&["alice", "bob"]),
        ..rule("who links accounts", &["link"])
    };
    let interns = Rule {
        who: roles(&["intern"]),
        ..rule("no deploys by interns", &["deploy"])
    };
    Policy {
        forbid: vec![interns],
        allow: vec![everybody_reads, deploys, rollback, office, links],
    }
}

/// A Tuesday, 12:00 in Berlin.
const NOON: &str = "2026-03-10T11:00:00Z";

struct Asked<'a> {
    who: &'a str,
    line: &'a str,
    place: &'a str,
    assurance: Assurance,
    effect: Option<Effect>,
    at: &'a str,
}

/// Said in #treeherder with an account, at noon on a Tuesday.
fn asked<'a>(who: &'a str, line: &'a str) -> Asked<'a> {
    Asked {
        who,
        line,
        place: "#treeherder",
        assurance: Assurance::Account,
        effect: Some(Effect::Change),
        at: NOON,
    }
}

fn answer<T>(asked: &Asked<'_>, ask: impl FnOnce(&Question<'_>, &Directory) -> T) -> T {
    let directory = team();
    let place = if asked.place == "direct" {
        Place::Direct(account(asked.who))
    } else {
        Place::Room(Room {
            network: "irc".into(),
            name: asked.place.into(),
        })
    };
    let mut words = asked.line.split(' ');
    let command = words.next().unwrap();
    let target = words.next().map(TargetName::from);
    let question = Question {
        command,
        effect: asked.effect,
        target: target.as_ref(),
        person: directory.person(&asked.who.into()).map(|person| &**person),
        assurance: asked.assurance,
        place: &place,
        now: asked.at.parse::<Timestamp>().unwrap(),
    };
    ask(&question, &directory)
}

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
fn before_there_is_a_plan_any_effect_will_do() {
    let unknown = Asked {
        effect: None,
        ..asked("dave", "run stage")
    };
    assert_eq!(decide(&unknown), "everybody reads");
    let change = asked("dave", "run stage");
    assert_eq!(
        decide(&change),
        "no: no rule allows run when its effect is change, only read"
    );
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
        "no: it needs the role deployer (alice, bob have it), and I don't know whose account yours is: alice or bob \
         can link it"
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
fn can_is_answered_in_words() {
    let explain = |asked: &Asked<'_>| {
        answer(asked, |question, directory| {
            team_policy().explain(question, directory)
        })
    };
    assert_eq!(
        explain(&asked("alice", "rollback prod")),
        [
            "you may, in #treeherder: the rule \"prod is rolled back by two\" allows it with 1 signature of bob or erin; \
          valid 30 min"
        ]
    );
    assert_eq!(
        explain(&asked("bob", "rollback prod")),
        [
            "you may, in #treeherder: the rule \"prod is rolled back by two\" allows it with 1 signature of erin; valid \
          30 min"
        ]
    );
    assert_eq!(
        explain(&asked("alice", "deploy stage")),
        ["you may, in #treeherder: the rule \"deployers deploy\" allows it without a signature"]
    );
    assert_eq!(
        explain(&asked("carol", "deploy stage")),
        ["you may not: it is forbidden by the rule \"no deploys by interns\""]
    );
}

#[test]
fn can_says_where_the_effect_decides() {
    let mut policy = team_policy();
    policy.allow[1].effects = vec![Effect::Change];
    let before_a_plan = Asked {
        effect: None,
        ..asked("alice", "deploy stage")
    };
    let lines = answer(&before_a_plan, |question, directory| {
        policy.explain(question, directory)
    });
    assert_eq!(
        lines,
        [
            "if it can be undone: you may, in #treeherder: the rule \"deployers deploy\" allows it without a signature",
            "if it can't be undone: you may not: no rule allows deploy when its effect is destructive, only change",
        ]
    );
}

#[test]
fn seats_are_said_with_the_people_who_fill_them() {
    let directory = team();
    let both = [seat(2, roles(&["deployer", "admin"])), seat(1, people(&["dave"]))];
    assert_eq!(
        words::seats(&both, &directory, &"alice".into()),
        "2 signatures of bob or erin and 1 signature of dave"
    );
    assert_eq!(
        words::could_sign(&both, &directory, &"alice".into()),
        ["bob".into(), "dave".into(), "erin".into()]
    );
    let crowd = Directory::new((0..9).map(|n| person(&format!("p{n}"), &["crowd"]))).unwrap();
    assert_eq!(
        words::seats(&[seat(1, roles(&["crowd"]))], &crowd, &"p0".into()),
        "1 signature of p1, p2, p3, p4, p5 or 3 others"
    );
    let device = Seat {
        assurance: Assurance::Device,
        ..seat(1, people(&["dave"]))
    };
    assert_eq!(
        words::seats(&[device], &directory, &"alice".into()),
        "1 signature of dave (from a verified device)"
    );
}

#[test]
fn a_policy_is_checked_before_it_is_in_force() {
    let mut policy = team_policy();
    assert_eq!(policy.check(&team()), []);
    policy.allow[1].name = "everybody reads".into();
    policy.allow[1].who = roles(&["deployer", "boss"]);
    policy.allow[2].seats = vec![seat(1, people(&["mallory"]))];
    policy.allow[3].seats = vec![seat(1, people(&["bob"]))];
    policy.allow[4].commands = of(&[]);
    policy.forbid[0].seats = vec![seat(1, people(&["bob"]))];
    let findings = policy.check(&team());
    let said: Vec<String> = findings
        .iter()
        .map(|found| {
            format!(
                "{}{}: {}",
                if found.is_error { "" } else { "(warning) " },
                found.rule,
                found.words
            )
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    everybody reads: has the name of another rule; explanations could not tell them apart
    everybody reads: names the role boss, which nobody has
    prod is rolled back by two: names the person mallory, whom nobody knows
    (warning) who links accounts: never matches: its list of commands is empty
    no deploys by interns: forbids, so seats and assurance mean nothing in it; take them out
    prod is rolled back by two: could never be used: not enough people could fill its seats besides who asks
    (warning) prod in office hours: is of no use to bob: not enough others could fill its seats
    "#);
}
