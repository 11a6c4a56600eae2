//! The bot dies at every write of its store, before it or after it: between any two steps that it remembers.

use super::life::{End, World};
use super::stories::{Expiry, Grant, Passwd, Refresh, Revoke, Rotate};
use super::{Story, dies};
use crate::support::mortal::Death;
use crate::support::mysql::Flavour;

/// Tells a story again and again, with a death at each of its writes in turn.
async fn killed_at_every_write(story: &dyn Story, flavour: Flavour, death: fn(u64) -> Death) {
    let world = World::new(flavour, story.reaches_apps()).await;
    let mut writes = 0;
    while dies(&world, story, Some(End::Write(death(writes)))).await.died {
        writes += 1;
    }
    eprintln!("{}: {writes} writes, killed at each", story.name());
    assert!(writes >= story.least(), "only {writes} writes");
}

#[tokio::test]
async fn grant_before_each_write() {
    killed_at_every_write(&Grant, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn grant_after_each_write() {
    killed_at_every_write(&Grant, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn revoke_before_each_write() {
    killed_at_every_write(&Revoke, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn revoke_after_each_write() {
    killed_at_every_write(&Revoke, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn expiry_before_each_write() {
    killed_at_every_write(&Expiry, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn expiry_after_each_write() {
    killed_at_every_write(&Expiry, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn refresh_before_each_write() {
    killed_at_every_write(&Refresh, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn refresh_after_each_write() {
    killed_at_every_write(&Refresh, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn passwd_of_a_service_before_each_write() {
    killed_at_every_write(&Passwd, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn passwd_of_a_service_after_each_write() {
    killed_at_every_write(&Passwd, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn passwd_of_a_service_on_mysql_before_each_write() {
    killed_at_every_write(&Passwd, Flavour::MySql, Death::Before).await;
}

#[tokio::test]
async fn passwd_of_a_service_on_mysql_after_each_write() {
    killed_at_every_write(&Passwd, Flavour::MySql, Death::After).await;
}

#[tokio::test]
async fn passwd_of_th_admin_before_each_write() {
    killed_at_every_write(&Rotate, Flavour::MariaDb, Death::Before).await;
}

#[tokio::test]
async fn passwd_of_th_admin_after_each_write() {
    killed_at_every_write(&Rotate, Flavour::MariaDb, Death::After).await;
}

#[tokio::test]
async fn passwd_of_th_admin_on_mysql_before_each_write() {
    killed_at_every_write(&Rotate, Flavour::MySql, Death::Before).await;
}

#[tokio::test]
async fn passwd_of_th_admin_on_mysql_after_each_write() {
    killed_at_every_write(&Rotate, Flavour::MySql, Death::After).await;
}

#[tokio::test]
async fn grant_on_mysql_before_each_write() {
    killed_at_every_write(&Grant, Flavour::MySql, Death::Before).await;
}

#[tokio::test]
async fn grant_on_mysql_after_each_write() {
    killed_at_every_write(&Grant, Flavour::MySql, Death::After).await;
}
