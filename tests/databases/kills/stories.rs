//! The stories: access given, taken away, ended by time, brought up to date, and passwords changed.

use std::time::Duration;

use async_trait::async_trait;
use countersign_core::access::Access;
use serde_json::json;

use super::Story;
use super::life::{House, Life};
use super::truth::{opens, password};
use crate::support::mysql::{Flavour, SCHEMA, Side};

const ACCOUNT: &str = "cs_carol";
const GRANT: &str = "!db access grant carol --for carol --days 7";
const REVOKE: &str = "!db access revoke cs_carol";
/// Carol's access is over by then, and what is known of her link is not forgotten yet.
const OVER: Duration = Duration::from_hours(24 * 8);
/// Longer than any access lasts.
const LONG: Duration = Duration::from_hours(24 * 200);
/// How often somebody says a command again that was lost.
const TRIES: usize = 3;

/// Carol's password, out of her link.
async fn carol_opens(house: &House<'_>, life: &Life) -> Option<String> {
    let content = opens(life, &house.said.text()).await?;
    life.rests().await;
    Some(password(&content))
}

/// Carol has access, as a story finds it.
async fn carol_has_access(house: &House<'_>) -> String {
    let life = house.wakes(None).await;
    life.recovers().await;
    life.hears("alice", GRANT).await;
    let password = carol_opens(house, &life).await;
    life.ends().await;
    password.unwrap_or_else(|| panic!("she got no link\n{}", house.said.text()))
}

/// Everything ends by itself.
async fn all_ends(house: &House<'_>, life: &Life) {
    house.clock.forward(LONG);
    life.rests().await;
    let told = house.said.text();
    assert_eq!(house.world.ours(Side::Primary).await.len(), 0, "{told}");
    assert_eq!(
        life.accesses()
            .await
            .iter()
            .filter(|one| one.account.starts_with("cs_"))
            .count(),
        0,
        "{told}"
    );
}

async fn carol_can_read(house: &House<'_>, password: &str) -> bool {
    house.world.lets_in(Side::Replica, ACCOUNT, password).await
}

pub(super) struct Grant;

#[async_trait]
impl Story for Grant {
    fn name(&self) -> &'static str {
        "grant"
    }

    fn least(&self) -> u64 {
        20
    }

    async fn before(&self, house: &House<'_>) {
        house.world.accounts("").await;
    }

    async fn play(&self, house: &House<'_>, life: &Life) {
        life.hears("alice", GRANT).await;
        carol_opens(house, life).await;
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        let records = life.accesses().await;
        let usable = records.iter().any(Access::usable);
        if !usable {
            // It waits to be opened, or was never asked for.
            if records.is_empty() {
                life.hears("alice", GRANT).await;
            }
            if let Some(password) = carol_opens(house, life).await {
                assert!(carol_can_read(house, &password).await, "{}", house.said.text());
            }
        }
        all_ends(house, life).await;
    }
}

pub(super) struct Revoke;

#[async_trait]
impl Story for Revoke {
    fn name(&self) -> &'static str {
        "revoke"
    }

    fn least(&self) -> u64 {
        8
    }

    async fn before(&self, house: &House<'_>) {
        house.world.accounts("").await;
        let password = carol_has_access(house).await;
        assert!(carol_can_read(house, &password).await);
    }

    async fn play(&self, _: &House<'_>, life: &Life) {
        life.hears("alice", REVOKE).await;
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        for _ in 0..TRIES {
            if life.accesses().await.is_empty() {
                break;
            }
            life.hears("alice", REVOKE).await;
        }
        let told = house.said.text();
        assert!(life.accesses().await.is_empty(), "{told}");
        assert_eq!(house.world.ours(Side::Primary).await.len(), 0, "{told}");
    }
}

pub(super) struct Expiry;

#[async_trait]
impl Story for Expiry {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn least(&self) -> u64 {
        2
    }

    async fn before(&self, house: &House<'_>) {
        house.world.accounts("").await;
        carol_has_access(house).await;
        house.clock.forward(OVER);
    }

    async fn play(&self, _: &House<'_>, life: &Life) {
        life.rests().await;
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        all_ends(house, life).await;
    }
}

pub(super) struct Refresh;

/// The statement of the page: the whole table, password and all.
const WRONG: &str = "GRANT SELECT, SELECT (id, username, email) ON treeherder.auth_user TO 'activedata'@'%'";

#[async_trait]
impl Story for Refresh {
    fn name(&self) -> &'static str {
        "refresh"
    }

    fn least(&self) -> u64 {
        8
    }

    async fn before(&self, house: &House<'_>) {
        let made = format!(
            "CREATE USER 'activedata'@'%' IDENTIFIED BY 'activedata-knows-this' REQUIRE SSL; {WRONG};"
        );
        house.world.accounts(&made).await;
    }

    async fn play(&self, _: &House<'_>, life: &Life) {
        life.hears("alice", "!db access refresh prod-db").await;
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        let grants = "SELECT CONCAT(table_name, ' ', table_priv, ' ', column_priv) FROM mysql.tables_priv \
                      WHERE user = 'activedata' ORDER BY table_name";
        let right = "auth_user  Select\njob Select \npush Select \nrepository Select ";
        for _ in 0..TRIES {
            let found = house.world.pair.sql(Side::Primary, grants).await;
            if found.trim_end() == right.trim_end() {
                return;
            }
            life.hears("alice", "!db access refresh prod-db").await;
        }
        let found = house.world.pair.sql(Side::Primary, grants).await;
        panic!("{found}\n{}", house.said.text());
    }
}

/// A service's password, which changes when its owner opens the link.
pub(super) struct Passwd;

#[async_trait]
impl Story for Passwd {
    fn name(&self) -> &'static str {
        "passwd of a service"
    }

    fn least(&self) -> u64 {
        10
    }

    async fn before(&self, house: &House<'_>) {
        let made = format!(
            "CREATE USER 'activedata'@'%' IDENTIFIED BY 'activedata-knows-this' REQUIRE SSL; \
             GRANT SELECT ON {SCHEMA}.job TO 'activedata'@'%';"
        );
        house.world.accounts(&made).await;
    }

    async fn play(&self, house: &House<'_>, life: &Life) {
        life.hears("alice", "!db passwd prod-db activedata").await;
        carol_opens(house, life).await;
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        let old_works = || {
            house
                .world
                .lets_in(Side::Replica, "activedata", "activedata-knows-this")
        };
        if !old_works().await {
            // Only an opened link changes it: what was in it is in nobody's hands but hers, so she may ask for another.
            let told = house.said.text();
            assert!(told.contains("/s/"), "it changed, and nobody was told\n{told}");
        }
        for _ in 0..TRIES {
            if let Some(password) = carol_opens(house, life).await {
                let works = house.world.lets_in(Side::Replica, "activedata", &password).await;
                assert!(works, "her password does not log in\n{}", house.said.text());
                assert!(!old_works().await, "the old one does\n{}", house.said.text());
                return;
            }
            life.hears("alice", "!db passwd prod-db activedata").await;
        }
        panic!("she gets no password\n{}", house.said.text());
    }
}

/// The app's own account, whose password is in the app's config.
pub(super) struct Rotate;

const OLD: &str = "th-admin-had-this";

#[async_trait]
impl Story for Rotate {
    fn name(&self) -> &'static str {
        "passwd of th_admin"
    }

    fn least(&self) -> u64 {
        12
    }

    async fn before(&self, house: &House<'_>) {
        let made = format!(
            "CREATE USER 'th_admin'@'%' IDENTIFIED BY '{OLD}' REQUIRE SSL; \
             GRANT SELECT, INSERT ON {SCHEMA}.* TO 'th_admin'@'%';"
        );
        house.world.accounts(&made).await;
        let (host, port) = house.world.address(Side::Primary);
        let url = format!("mysql://th_admin:{OLD}@{host}:{port}/{SCHEMA}");
        house.sets(json!({ "DATABASE_URL": url })).await;
    }

    fn reaches_apps(&self) -> bool {
        true
    }

    async fn play(&self, _: &House<'_>, life: &Life) {
        life.hears("alice", "!db passwd prod-db th_admin").await;
    }

    /// Where an account has two passwords for a while the app gets in at every moment. Where it has one there are moments in
    /// which it does not; before they begin it is on its way to the room, and no death holds that up for long.
    async fn meanwhile(&self, house: &House<'_>, life: &Life) {
        let (url, _) = house.config().await;
        if house.world.app_gets_in(&url).await {
            return;
        }
        let told = house.said.text() + &life.has_yet_to_say().await;
        assert_eq!(house.world.pair.flavour(), Flavour::MariaDb, "{told}");
        assert!(told.contains("New connections of prod fail until"), "{told}");
    }

    async fn after(&self, house: &House<'_>, life: &Life) {
        for _ in 0..TRIES {
            let (url, skips) = house.config().await;
            let told = house.said.text();
            assert!(
                house.world.app_gets_in(&url).await,
                "the app's URL does not log in\n{told}"
            );
            assert!(!told.contains("DOES NOT LOG IN"), "it does\n{told}");
            if url.password() != OLD && !skips {
                let old = house.world.lets_in(Side::Primary, "th_admin", OLD).await;
                assert!(!old, "the old password logs in\n{told}");
                return;
            }
            life.hears("alice", "!db passwd prod-db th_admin").await;
        }
        panic!("it is not changed\n{}", house.said.text());
    }
}
