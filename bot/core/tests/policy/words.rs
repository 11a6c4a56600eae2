//! Policy in words, and what a check finds.

use countersign_core::message::Assurance;
use countersign_core::person::Directory;
use countersign_core::plan::Effect;
use countersign_core::policy::{Seat, words};

use super::team::{Asked, answer, asked, of, people, person, roles, seat, team, team_policy};

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
