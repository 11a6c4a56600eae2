//! The client of database accounts against real servers: a primary and its replica, MariaDB and MySQL, asked as an account
//! with the rights that RDS gives.

mod accounts;
mod quoting;
mod rights;
mod secrets;
mod secure;
mod sessions;
mod trouble;

use std::time::Duration;

use countersign_mysql::{
    Account, Error, Kill, Password, Schema, Server, Settings, Table, Tls, Trust, UserName, Visit,
};
use secrecy::SecretString;

use crate::support::mysql::{ADMIN, Flavour, Pair, SCHEMA, Side};

/// Tells each story twice, with servers of each flavour.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod on_mariadb {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Flavour::MariaDb).await;
            })+
        }
        mod on_mysql {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Flavour::MySql).await;
            })+
        }
    };
}
use on_both;

/// A pair, and a client for each of its servers.
struct Rig {
    pair: Pair,
    primary: Server,
    replica: Server,
}

impl Rig {
    async fn start(flavour: Flavour) -> Self {
        let pair = Pair::start(flavour).await;
        Self {
            primary: Server::new(settings(&pair, Side::Primary)),
            replica: Server::new(settings(&pair, Side::Replica)),
            pair,
        }
    }

    fn server(&self, side: Side) -> &Server {
        match side {
            Side::Primary => &self.primary,
            Side::Replica => &self.replica,
        }
    }

    /// As root, on the primary.
    async fn root(&self, statements: &str) -> String {
        self.pair.sql(Side::Primary, statements).await
    }

    fn is_mysql(&self) -> bool {
        self.pair.flavour() == Flavour::MySql
    }
}

/// As the account that RDS would have given.
fn settings(pair: &Pair, side: Side) -> Settings {
    let (host, port) = pair.address(side);
    Settings {
        host: host.to_owned(),
        port,
        user: user(ADMIN),
        password: SecretString::from(pair.admin_password()),
        trust: Trust::of_pem(&std::fs::read(pair.ca()).unwrap()).unwrap(),
        kill: Kill::Rds,
        connect_timeout: Duration::from_secs(10),
        timeout: Duration::from_secs(10),
    }
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn account(name: &str) -> Account {
    Account::anywhere(user(name))
}

fn schema() -> Schema {
    SCHEMA.parse().unwrap()
}

fn table(name: &str) -> Table {
    name.parse().unwrap()
}

fn given(password: &str) -> Password {
    Password::given(SecretString::from(password)).unwrap()
}

async fn log_in(server: &Server, name: &str, password: &str, tls: Tls) -> Result<Visit, Error> {
    server.log_in(&user(name), &given(password), None, tls).await
}
