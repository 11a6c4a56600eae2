//! Single stories: what people read when their vote changes nothing, what `why` answers, when reminders are due, and
//! that a claim believes no vote just because it is there.

use countersign_core::approval::{By, Claim, Origin, Present, Request, Vote, VoteRefusal};
use countersign_core::digest::Digest;
use countersign_core::message::{Account, Assurance, Place, Room};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Effect, Plan, SealedPlan};
use countersign_core::policy::{Names, Policy, Rule, Seat, Who};
use countersign_core::time::{Duration, from_millis};

const MINUTE: i64 = 60_000;

fn account(name: &str) -> Account {
    Account {
        network: "irc".into(),
        name: name.into(),
    }
}

fn team() -> Directory {
    let person = |name: &str| Person {
        id: name.into(),
        roles: [].into(),
        accounts: vec![account(name)],
    };
    Directory::new(["alice", "bob", "carol", "erin"].map(person)).unwrap()
}

fn origin(name: &str) -> Origin {
    Origin {
        place: Place::Room(Room {
            network: "irc".into(),
            name: "#treeherder".into(),
        }),
        account: Some(account(name)),
        assurance: Assurance::Account,
        nick: name.into(),
        message: "m".into(),
    }
}

fn policy(signatures: u8) -> Policy {
    let seat = Seat {
        count: signatures,
        of: Who {
            people: vec!["alice".into(), "bob".into(), "erin".into()],
            ..Who::default()
        },
        assurance: Assurance::Account,
    };
    let rule = Rule {
        name: "prod is rolled back by two".into(),
        commands: Names::Any,
        effects: vec![],
        targets: Names::Any,
        who: Who {
            people: vec!["alice".into()],
            ..Who::default()
        },
        rooms: Names::Any,
        assurance: Assurance::Account,
        seats: vec![seat],
        times: None,
        pending: Duration::from_hours(1),
        valid: Duration::from_mins(30),
    };
    Policy {
        forbid: vec![],
        allow: vec![rule],
    }
}

/// alice asks to roll back prod at 0 min.
fn asked() -> Request {
    let plan = Plan {
        schema: 1,
        command: "rollback".into(),
        action: "rollback".into(),
        effect: Effect::Destructive,
        target: Some("prod".into()),
        resource: None,
        also: Vec::new(),
        summary: "roll back prod from v813 to v811".into(),
        details: vec![],
        parameters: [].into(),
        fingerprint: [].into(),
        requester: "alice".into(),
        reason: None,
        policy: Digest::ZERO,
        created: from_millis(0),
        not_after: from_millis(120 * MINUTE),
        nonce: "n".into(),
    };
    let (plan, origin) = (SealedPlan::seal(&plan).unwrap(), origin("alice"));
    let shown = [origin.place.clone()].into();
    let new = Request::new(
        "R-4QX".into(),
        plan,
        origin,
        &policy(1).allow[0],
        shown,
        from_millis(0),
    );
    new.request().clone()
}

fn at<T>(minutes: i64, signatures: u8, act: impl FnOnce(&Present<'_>) -> T) -> T {
    let (policy, directory) = (policy(signatures), team());
    act(&Present {
        policy: &policy,
        directory: &directory,
        now: from_millis(minutes * MINUTE),
    })
}

type Act = fn(&Request, By<'_>, &Present<'_>) -> Result<Request, VoteRefusal>;

fn sign(request: &Request, by: By<'_>, present: &Present<'_>) -> Result<Request, VoteRefusal> {
    let signed = request.approve(by, request.plan.digest(), None, present)?;
    Ok(signed.request().clone())
}

fn deny(request: &Request, by: By<'_>, present: &Present<'_>) -> Result<Request, VoteRefusal> {
    let denied = request.deny(by, "too late in the day".into(), present)?;
    Ok(denied.request().clone())
}

fn try_as(name: &str, act: Act, request: &Request, present: &Present<'_>) -> Result<Request, VoteRefusal> {
    let origin = origin(name);
    let person = present.directory.person(&name.into()).map(|person| &**person);
    act(request, By::new(person, &origin)?, present)
}

/// What they read, and what they are told to type.
fn refused(name: &str, minutes: i64, act: Act, request: &Request) -> String {
    let refusal = at(minutes, 1, |present| {
        try_as(name, act, request, present).unwrap_err()
    });
    match refusal.next() {
        Some(next) => format!("{refusal} -> {next}"),
        None => refusal.to_string(),
    }
}

#[test]
fn a_vote_that_changes_nothing_says_why_and_who_could() {
    let request = asked();
    let other_plan: Act = |request, by, present| {
        let signed = request.approve(by, Digest::ZERO, None, present)?;
        Ok(signed.request().clone())
    };
    let signed = at(1, 1, |present| try_as("bob", sign, &request, present).unwrap());
    let denied = at(1, 1, |present| try_as("bob", deny, &request, present).unwrap());
    let unread = Request {
        shown: [].into(),
        ..request.clone()
    };
    let running = at(2, 1, |present| {
        match signed.claim("7F3K".into(), Ok(()), present) {
            Claim::Begins(begun) => begun.request().clone(),
            other => panic!("{other:?}"),
        }
    });
    let withdraw: Act = |request, by, present| Ok(request.withdraw(by, present)?.request().clone());
    let cancel: Act = |request, by, present| Ok(request.cancel(by, present.now)?.request().clone());
    let read = [
        refused("alice", 1, sign, &request),
        refused("alice", 1, deny, &request),
        refused("carol", 1, sign, &request),
        refused("carol", 1, deny, &request),
        refused("mallory", 1, sign, &request),
        refused("bob", 1, other_plan, &request),
        refused("bob", 1, sign, &unread),
        refused("bob", 64, sign, &request),
        refused("bob", 2, sign, &signed),
        refused("erin", 2, sign, &signed),
        refused("erin", 2, sign, &denied),
        refused("erin", 3, deny, &running),
        refused("erin", 1, withdraw, &request),
        refused("bob", 1, cancel, &request),
    ];
    insta::assert_snapshot!(read.join("\n"), @r#"
    you asked for R-4QX yourself; bob or erin can sign it
    you asked for R-4QX yourself; you can take it back -> cancel R-4QX
    you can't sign R-4QX: it needs 1 signature of bob or erin -> why R-4QX
    you can't deny R-4QX: only those who could sign it can (bob or erin)
    I can't tell who you are: this nick is not logged in to an account that I know -> whoami
    the plan that you named is not that of R-4QX, which is e3a8 c395; nothing was signed -> show R-4QX
    R-4QX was not sent to you in full yet, and nobody signs what was not sent to them -> show R-4QX
    R-4QX is over: its time ended 4 min ago
    you have signed R-4QX already; it has its signatures
    R-4QX has its signatures
    R-4QX was denied by bob: too late in the day
    R-4QX is running as operation 7F3K -> op 7F3K
    you have not signed R-4QX
    R-4QX is alice's; only alice can take it back
    "#);
}

#[test]
fn why_names_the_rule_the_seats_the_signers_and_the_time_left() {
    let request = asked();
    let before = at(4, 1, |present| request.why(present));
    let signed = at(5, 1, |present| try_as("bob", sign, &request, present).unwrap());
    let stricter = at(7, 2, |present| signed.why(present));
    let back = at(8, 2, |present| {
        match signed.claim("7F3K".into(), Ok(()), present) {
            Claim::Back(back) => back.request().why(present),
            other => panic!("{other:?}"),
        }
    });
    insta::assert_snapshot!([before, stricter, back].map(|lines| lines.join("\n")).join("\n\n"), @r#"
    R-4QX asks to roll back prod from v813 to v811: asked by alice in #treeherder, 4 min ago
    rule "prod is rolled back by two" needs 1 signature of bob or erin
    R-4QX waits for 1 signature of bob or erin, for 56 min more; then it may begin within 30 min

    R-4QX asks to roll back prod from v813 to v811: asked by alice in #treeherder, 7 min ago
    rule "prod is rolled back by two" needs 1 signature of bob or erin
    the rule in force now, "prod is rolled back by two", needs 2 signatures of bob or erin
    signed by bob 2 min ago
    R-4QX has its signatures, for 28 min more

    R-4QX asks to roll back prod from v813 to v811: asked by alice in #treeherder, 8 min ago
    rule "prod is rolled back by two" needs 1 signature of bob or erin
    the rule in force now, "prod is rolled back by two", needs 2 signatures of bob or erin
    signed by bob 3 min ago
    R-4QX waits for 1 signature of erin, for 27 min more; then it may begin within 27 min
    "#);
}

#[test]
fn a_reminder_is_due_once_when_half_of_the_time_has_passed() {
    let request = asked();
    let minute = |minutes: i64| from_millis(minutes * MINUTE);
    assert_eq!(request.due(), Some(minute(30)));
    assert_eq!(request.remind(minute(29)), None);
    let reminded = request.remind(minute(30)).unwrap();
    assert_eq!(reminded.remind(minute(31)), None);
    assert_eq!(reminded.due(), Some(minute(60)));
    assert_eq!(request.remind(minute(60)), None);
}

#[test]
fn a3_a_claim_counts_no_vote_that_could_not_have_been_given() {
    let request = asked();
    let signed = at(1, 1, |present| try_as("bob", sign, &request, present).unwrap());
    let begins = |request: &Request| {
        at(2, 1, |present| {
            matches!(request.claim("7F3K".into(), Ok(()), present), Claim::Begins(_))
        })
    };
    assert!(begins(&signed));
    let forge = |forge: fn(&mut Vote)| {
        let mut forged = signed.clone();
        forge(&mut forged.votes[0]);
        forged
    };
    assert!(
        !begins(&forge(|vote| vote.digest = Digest::ZERO)),
        "for another plan"
    );
    assert!(
        !begins(&forge(
            |vote| (vote.person, vote.account) = ("alice".into(), account("alice"))
        )),
        "the requester"
    );
    assert!(
        !begins(&forge(|vote| vote.account = account("carol"))),
        "with somebody else's account"
    );
    assert!(
        !begins(&forge(|vote| vote.person = "mallory".into())),
        "of nobody"
    );
    assert!(
        !begins(&forge(|vote| vote.assurance = Assurance::Nick)),
        "not proven"
    );
}
