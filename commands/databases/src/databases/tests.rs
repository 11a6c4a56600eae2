use countersign_mysql::{Kill, Settings as ServerSettings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use super::*;
use crate::classes::tests::treeherder;

/// A bundle of one authority that signs nothing.
fn trust() -> Trust {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    Trust::of_pem(ca.pem().as_bytes()).unwrap()
}

/// A server that nobody asks.
fn server(host: &str) -> Server {
    Server::new(ServerSettings {
        host: host.to_owned(),
        port: 3306,
        user: "countersign".parse().unwrap(),
        password: "canary-password".into(),
        trust: trust(),
        kill: Kill::Statement,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
    })
}

fn known(name: &str, role: Role) -> Known {
    Known {
        name: name.parse().unwrap(),
        role,
    }
}

/// The page's database.
pub(crate) fn prod() -> Database {
    Database {
        target: "prod-db".into(),
        app: Some("prod".into()),
        rooms: Vec::new(),
        schema: "treeherder".parse().unwrap(),
        primary: server("primary.example.org"),
        replica: Some(server("replica.example.org")),
        replica_address: Some(("replica.example.org".to_owned(), 3306)),
        ca: trust(),
        ca_expires: None,
        days: 30,
        max_days: 90,
        remind: Duration::from_hours(72),
        classes: treeherder(),
        accounts: vec![
            known(
                "activedata",
                Role::Service {
                    owner: "carol".into(),
                },
            ),
            known(
                "th_admin",
                Role::App {
                    app: "prod".into(),
                    var: "DATABASE_URL".to_owned(),
                },
            ),
        ],
    }
}

/// One that nobody may read, because it has no replica.
pub(crate) fn stage() -> Database {
    Database {
        target: "stage-db".into(),
        app: Some("stage".into()),
        replica: None,
        replica_address: None,
        ..prod()
    }
}

fn meant(all: &[Database], typed: Option<&str>) -> String {
    match chosen(all, typed) {
        Ok(database) => database.target.to_string(),
        Err(no) => no.sentence(),
    }
}

#[test]
fn a_database_is_meant_by_its_name_by_its_app_or_by_being_the_only_one_to_read() {
    let all = [prod(), stage()];
    assert_eq!(meant(&all, Some("prod-db")), "prod-db");
    assert_eq!(meant(&all, Some("prod")), "prod-db");
    assert_eq!(meant(&all, Some("stage")), "stage-db");
    assert_eq!(meant(&all, None), "prod-db");
    assert_eq!(
        meant(&all, Some("prod-dbb")),
        "there is no database prod-dbb. Did you mean prod-db?"
    );
    assert_eq!(meant(&all[1..], None), "stage-db");
}

#[test]
fn which_of_several_is_asked() {
    let second = Database {
        target: "prod2-db".into(),
        ..prod()
    };
    let all = [prod(), second];
    assert_eq!(
        meant(&all, None),
        "which database? There are: prod-db, prod2-db. Add --db <database>."
    );
    // Their app does not tell them apart.
    assert!(meant(&all, Some("prod")).starts_with("there is no database prod."));
    assert_eq!(
        meant(&[], Some("prod")),
        "there is no database prod. None is configured."
    );
}
