//! th_admin gets another password on real servers, of either kind, while an app uses the old one: what logs in when, and
//! what is left wherever it stops (trap 5).

mod app;

use std::sync::Arc;

use countersign_core::operation::Trouble;
use countersign_core::store::Store as _;
use countersign_mysql::{Kind, Password, Tls};
use serde_json::json;

use self::app::App;
use super::hand::{DATABASE, Going, Hands, server, user};
use crate::support::mysql::{Flavour, Pair, Side};

const OLD: &str = "canary-old-password-0b7f";
const VAR: &str = "DATABASE_URL";
const SKIP: &str = "SKIP_PREDEPLOY";

struct Stage {
    pair: Pair,
    app: Arc<App>,
    hands: Hands,
}

impl Stage {
    async fn new(flavour: Flavour, more: &[(&str, &str)]) -> Self {
        let pair = Pair::start(flavour).await;
        let make = format!(
            "CREATE USER th_admin@'%' IDENTIFIED BY '{OLD}' REQUIRE SSL; GRANT SELECT ON treeherder.* TO th_admin@'%'"
        );
        pair.sql(Side::Primary, &make).await;
        let (_, port) = pair.primary();
        let url = format!("mysql://th_admin:{OLD}@localhost:{port}/treeherder?x=%2F");
        let app = App::with(&[&[(VAR, url.as_str())], more].concat());
        let hands = Hands::new(&pair, Some(Arc::clone(&app) as _)).await;
        Self { pair, app, hands }
    }

    fn begin(&self) -> Going {
        let action = match self.pair.flavour() {
            Flavour::MariaDb => "db-passwd-app-one",
            Flavour::MySql => "db-passwd-app-two",
        };
        let parameters = json!({
            "database": DATABASE, "account": "th_admin", "app": "prod", "var": VAR, "newest": 814,
        });
        // Locks of the app are respected, and nothing else runs there: the plan is about it.
        self.hands.begin_on("prod", action, parameters)
    }

    /// Whether th_admin logs in with this.
    async fn lets_in(&self, password: &str) -> bool {
        let password = Password::given(password.to_owned().into()).unwrap();
        let server = server(&self.pair, Side::Primary);
        match server
            .log_in(&user("th_admin"), &password, None, Tls::Required)
            .await
        {
            Ok(visit) => {
                visit.close().await;
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Denied, "{error}");
                false
            }
        }
    }

    /// Whether the app's URL logs in.
    async fn app_logs_in(&self) -> bool {
        self.lets_in(&self.app.password(&self.pair)).await
    }

    /// The new password is everywhere, the old one nowhere, nothing is kept, and nobody was told either.
    async fn is_over(&self) {
        assert!(self.app_logs_in().await);
        assert!(!self.lets_in(OLD).await);
        assert_eq!(self.hands.kept().await, None);
        assert!(self.hands.store.sealed_with().await.unwrap().is_empty());
        let new = self.app.password(&self.pair);
        assert_eq!(new.len(), 60);
        let told = self.hands.told().await;
        assert!(!told.contains(&new) && !told.contains(OLD), "{told}");
    }
}

#[tokio::test]
async fn trap_05_with_two_passwords_the_app_logs_in_at_every_moment() {
    let stage = Stage::new(Flavour::MySql, &[]).await;
    let mut going = stage.begin();
    while let Some(step) = going.next() {
        assert!(stage.app_logs_in().await, "before {step}");
        if step == "discard the old password" {
            assert!(stage.lets_in(OLD).await);
        }
        assert_eq!(going.once().await.unwrap(), None, "{step}");
    }
    let ended = going.ends().await;
    assert!(ended.good, "{}", ended.words);
    assert_eq!(
        stage.app.released(),
        [VAR],
        "no release phase is left out where nothing fails"
    );
    stage.is_over().await;
}

#[tokio::test]
async fn trap_05_with_one_password_the_config_goes_first_and_the_server_right_after() {
    let stage = Stage::new(Flavour::MariaDb, &[(SKIP, "0")]).await;
    let mut going = stage.begin();
    going.up_to(Some("change the config")).await;
    assert!(stage.app_logs_in().await && stage.hands.kept().await.is_some());
    // Whoever takes a sealing key away is told that something is sealed with it.
    assert_eq!(stage.hands.store.sealed_with().await.unwrap().len(), 1);
    let told = stage.hands.told().await;
    assert!(
        told.contains("New connections of prod fail until its new dynos are up"),
        "{told}"
    );
    going.up_to(Some("set the password")).await;
    // The window: it was said before it began, and the next step ends it.
    assert!(!stage.app_logs_in().await);
    assert_eq!(stage.app.get(SKIP).as_deref(), Some("1"));
    going.up_to(Some("find the release")).await;
    assert!(stage.app_logs_in().await);
    let ended = going.ends().await;
    assert!(ended.good, "{}", ended.words);
    assert_eq!(stage.app.get(SKIP).as_deref(), Some("0"), "as it was before");
    assert_eq!(stage.app.released(), [format!("{VAR}+{SKIP}"), SKIP.to_owned()]);
    stage.is_over().await;
    let told = stage.hands.told().await;
    assert!(
        told.contains("the change of th_admin's password is over"),
        "{told}"
    );
}

/// Dies before each step in turn; another operation, planned anew, goes on with what is left.
async fn given_up_anywhere(flavour: Flavour) {
    let stage = Stage::new(flavour, &[]).await;
    let mut steps = 0;
    loop {
        let mut going = stage.begin();
        let mut at = "the end";
        for _ in 0..steps {
            going.once().await.unwrap();
        }
        if let Some(next) = going.next() {
            at = next;
            let kept = stage.hands.kept().await.is_some();
            // Whoever does not log in has the password kept for him.
            assert!(kept || stage.app_logs_in().await, "before {at}");
        }
        let ended = stage.begin().ends().await;
        assert!(ended.good, "given up before {at}: {}", ended.words);
        stage.is_over().await;
        if at == "the end" {
            break;
        }
        steps += 1;
    }
    assert!(steps >= 8, "{steps}");
}

#[tokio::test]
async fn what_was_given_up_anywhere_is_brought_to_its_end_on_mariadb() {
    given_up_anywhere(Flavour::MariaDb).await;
}

#[tokio::test]
async fn what_was_given_up_anywhere_is_brought_to_its_end_on_mysql() {
    given_up_anywhere(Flavour::MySql).await;
}

#[tokio::test]
async fn without_the_right_to_change_it_nothing_is_changed() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    // Either of them is enough on MariaDB.
    let revoke = "REVOKE CREATE USER, UPDATE ON *.* FROM admin@'%'";
    stage.pair.sql(Side::Primary, revoke).await;
    let trouble = stage.begin().once().await.unwrap_err();
    assert!(trouble.words.contains("CREATE USER"), "{}", trouble.sentence());
    assert!(stage.lets_in(OLD).await && stage.app_logs_in().await);
    assert_eq!((stage.app.released().len(), stage.hands.kept().await), (0, None));
}

#[tokio::test]
async fn what_heroku_refuses_leaves_the_old_password() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    stage
        .app
        .has_trouble(Some(|| Trouble::never("Heroku answered 403")));
    let ended = stage.begin().ends().await;
    assert!(!ended.good);
    assert_eq!(
        ended.words,
        "Heroku answered 403. What is so: the old password of th_admin holds, and prod has it"
    );
    assert!(stage.lets_in(OLD).await && stage.app_logs_in().await);
    assert_eq!(stage.hands.kept().await, None, "nobody will ever need it");
}

#[tokio::test]
async fn a_server_that_is_away_in_the_window_is_waited_for_and_the_room_hears_why() {
    let mut stage = Stage::new(Flavour::MariaDb, &[]).await;
    let mut going = stage.begin();
    going.up_to(Some("set the password")).await;
    stage.pair.kill(Side::Primary);
    let waits = going.once().await.unwrap().unwrap();
    assert!(
        waits.contains("prod-db's primary")
            && waits.contains("new connections of prod fail until it is set; I keep trying"),
        "{waits}"
    );
    assert!(stage.hands.kept().await.is_some());
    stage.pair.start_again(Side::Primary).await;
    let ended = going.ends().await;
    assert!(ended.good, "{}", ended.words);
    stage.is_over().await;
}

#[tokio::test]
async fn an_account_that_went_in_the_window_gives_the_app_nothing_and_that_is_said() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    let mut going = stage.begin();
    going.up_to(Some("set the password")).await;
    stage.pair.sql(Side::Primary, "DROP USER th_admin@'%'").await;
    let ended = going.ends().await;
    assert!(
        !ended.good && ended.words.contains("DOES NOT LOG IN"),
        "{}",
        ended.words
    );
    assert!(
        stage.hands.kept().await.is_some(),
        "it is the only place where the password is but the app"
    );
    let told = stage.hands.told().await;
    assert!(told.contains("came to a bad end"), "{told}");
}

#[tokio::test]
async fn an_account_that_was_locked_meanwhile_stays_locked() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    stage
        .pair
        .sql(Side::Primary, "ALTER USER th_admin@'%' ACCOUNT LOCK")
        .await;
    let trouble = stage.begin().once().await.unwrap_err();
    assert!(
        trouble.words.contains("th_admin is locked at prod-db"),
        "{}",
        trouble.words
    );
    let account = countersign_mysql::Account::anywhere(user("th_admin"));
    let there = server(&stage.pair, Side::Primary)
        .account(&account)
        .await
        .unwrap();
    assert!(there.unwrap().locked);
    assert_eq!((stage.app.released().len(), stage.hands.kept().await), (0, None));
}

#[tokio::test]
async fn a_url_that_went_in_the_window_is_no_good_end_and_the_password_is_kept() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    let mut going = stage.begin();
    going.up_to(Some("set the password")).await;
    let password = stage.app.password(&stage.pair);
    stage.app.vars.lock().unwrap().remove(VAR);
    let ended = going.ends().await;
    assert!(
        !ended.good && ended.words.contains("I DON'T KNOW"),
        "{}",
        ended.words
    );
    // Whoever reads the URL in some other way has what the server has.
    assert!(stage.lets_in(&password).await);
    assert!(stage.hands.kept().await.is_some());
    let told = stage.hands.told().await;
    assert!(told.contains("To go on: !db passwd prod-db th_admin"), "{told}");
}

#[tokio::test]
async fn a_release_phase_that_is_not_put_back_is_said_and_the_next_change_puts_it_back() {
    let stage = Stage::new(Flavour::MariaDb, &[]).await;
    let mut going = stage.begin();
    going.up_to(Some("put the release phase back")).await;
    stage
        .app
        .has_trouble(Some(|| Trouble::never("Heroku answered 403")));
    let ended = going.ends().await;
    let said = "SKIP_PREDEPLOY is still set: prod's release phase does nothing. To put it back: !config unset prod \
                SKIP_PREDEPLOY";
    assert!(!ended.good && ended.words.contains(said), "{}", ended.words);
    let told = stage.hands.told().await;
    assert!(told.contains(said), "{told}");
    assert!(
        stage.hands.kept().await.is_some(),
        "what it was before is known nowhere else"
    );
    let first = stage.app.password(&stage.pair);
    stage.app.has_trouble(None);
    let ended = stage.begin().ends().await;
    assert!(ended.good, "{}", ended.words);
    assert_eq!(stage.app.get(SKIP), None, "our own 1 is not what was before");
    assert_ne!(stage.app.password(&stage.pair), first, "it is another password");
    stage.is_over().await;
}
