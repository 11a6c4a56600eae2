//! What is so at the servers, whatever the bot believes; and what somebody has who opened a link.

use std::collections::BTreeMap;

use countersign_core::access::{Access, Kind as Whose, State};
use countersign_core::door::Redemption;
use countersign_core::link::{Content, State as LinkState, Visitor};
use countersign_core::store::Store as _;
use countersign_mysql::{Kind, Password, Server, Settings, Tls, Trust, UserName};
use countersign_secrets::link::{Keys, unlock};
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::LinkUrl;
use secrecy::ExposeSecret as _;

use super::life::{Life, World};
use crate::support::mysql::{ADMIN, Flavour, SCHEMA, Side};

/// What the bot calls its accounts.
const OURS: &str = "cs\\_%";

impl World {
    /// The accounts whose names begin like ours, and which of them are locked.
    pub(super) async fn ours(&self, side: Side) -> BTreeMap<String, bool> {
        let sql = match self.pair.flavour() {
            Flavour::MariaDb => format!(
                "SELECT user, COALESCE(JSON_VALUE(priv, '$.account_locked'), 'false') IN ('true', '1') \
                 FROM mysql.global_priv WHERE user LIKE '{OURS}'"
            ),
            Flavour::MySql => {
                format!("SELECT user, account_locked = 'Y' FROM mysql.user WHERE user LIKE '{OURS}'")
            }
        };
        let rows = self.pair.sql(side, &sql).await;
        rows.lines()
            .filter_map(|row| row.split_once('\t'))
            .map(|(name, locked)| (name.to_owned(), locked == "1"))
            .collect()
    }

    /// Forgets what earlier stories left at the servers, and makes what they are to find.
    pub(super) async fn accounts(&self, statements: &str) {
        let others = ["activedata".to_owned(), "th_admin".to_owned()];
        let drop: Vec<String> = self
            .ours(Side::Primary)
            .await
            .into_keys()
            .chain(others)
            .map(|name| format!("DROP USER IF EXISTS '{name}'@'%';"))
            .collect();
        let drop = drop.concat();
        self.pair.sql(Side::Primary, &format!("{drop}{statements}")).await;
        self.pair.caught_up().await;
    }

    fn server(&self, (host, port): (&str, u16)) -> Server {
        Server::new(Settings {
            host: host.to_owned(),
            port,
            user: user(ADMIN),
            password: self.pair.admin_password().to_owned().into(),
            trust: Trust::of_pem(&std::fs::read(self.pair.ca()).unwrap()).unwrap(),
            kill: countersign_mysql::Kill::Statement,
            connect_timeout: std::time::Duration::from_secs(5),
            timeout: std::time::Duration::from_secs(20),
        })
    }

    /// Whether somebody can log in with this, over TLS.
    pub(super) async fn lets_in(&self, side: Side, name: &str, password: &str) -> bool {
        let server = self.server(self.pair.address(side));
        enters(&server, name, password, SCHEMA).await
    }

    /// Whether the app gets in with its URL: as that user, at that address, which is the primary's, and into that schema.
    pub(super) async fn app_gets_in(&self, AppUrl(url): &AppUrl) -> bool {
        let at = (url.host_str().unwrap(), url.port().unwrap());
        assert_eq!(at, self.address(Side::Primary), "it is of another server");
        let schema = url.path().trim_start_matches('/');
        let password = url.password().unwrap();
        enters(&self.server(at), url.username(), password, schema).await
    }

    /// What must be so at any time, whatever a death has left behind and nobody has tidied up: no account without a record
    /// (invariant L9), and none that can be used but by whoever opened its link (L8), and by the bot itself, whose twins
    /// nobody else knows.
    pub(super) async fn has_it_in_writing(&self, life: &Life, told: &str) {
        let records = life.accesses().await;
        for (account, locked) in self.ours(Side::Primary).await {
            let record = recorded(&records, &account, told);
            let alone = locked || record.kind == Whose::Twin;
            assert!(
                alone || was_redeemed(life, record).await,
                "{account} can be used, and nobody opened its link\n{told}"
            );
        }
    }

    /// What must be so at both servers when nothing goes on: the same, and no account can be used but while its access is in
    /// force.
    pub(super) async fn keeps_its_word(&self, life: &Life, told: &str) {
        let records = life.accesses().await;
        self.pair.caught_up().await;
        for side in Side::BOTH {
            for (account, locked) in self.ours(side).await {
                let record = recorded(&records, &account, told);
                let opened = matches!(record.state, State::Live { .. } | State::Opened { .. });
                assert!(
                    locked || opened,
                    "{account} can be used at the {}: {record:?}\n{told}",
                    side.name()
                );
                assert!(
                    locked || was_redeemed(life, record).await,
                    "{account} can be used, and nobody opened its link\n{told}"
                );
            }
        }
    }
}

/// The record of an account.
fn recorded<'r>(records: &'r [Access], account: &str, told: &str) -> &'r Access {
    let record = records.iter().find(|record| record.account == account);
    record.unwrap_or_else(|| panic!("{account} has no record\n{told}"))
}

/// Whether a server lets somebody in, over TLS.
async fn enters(server: &Server, name: &str, password: &str, schema: &str) -> bool {
    let password = Password::given(password.to_owned().into()).unwrap();
    let schema = schema.parse().unwrap();
    match server
        .log_in(&user(name), &password, Some(&schema), Tls::Required)
        .await
    {
        Ok(visit) => {
            visit.close().await;
            true
        }
        Err(error) => {
            assert!(matches!(error.kind(), Kind::Denied | Kind::Locked), "{error:?}");
            false
        }
    }
}

/// What an app logs in with.
pub(super) struct AppUrl(pub(super) url::Url);

impl AppUrl {
    pub(super) fn password(&self) -> &str {
        self.0.password().unwrap()
    }
}

/// Whether a link that was made for it was opened.
async fn was_redeemed(life: &Life, record: &Access) -> bool {
    let person = record.owner.clone().unwrap();
    let of = countersign_core::store::LinksWhere::Of { person, limit: 99 };
    let links = life.store.links(of).await.unwrap();
    links.iter().any(|link| {
        link.operation == *record.operation.as_ref().unwrap()
            && matches!(link.state, LinkState::Redeemed { .. })
    })
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

/// What is in the newest link that was sent, if it can still be opened. Its phrase was the last that was told.
pub(super) async fn opens(life: &Life, said: &str) -> Option<Content> {
    let url = said
        .split_whitespace()
        .rfind(|word| word.contains("/s/") && word.contains('#'))?;
    let url = LinkUrl::parse(url.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'))
        .unwrap();
    let phrase = said.split_whitespace().rev().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_phrase = word.len() == 19 && word.split('-').all(|part| part.len() == 4);
        is_phrase.then(|| Phrase::typed(word).ok()).flatten()
    })?;
    let keys = Keys::derive(&url.id, &url.key, &phrase);
    let visitor = Visitor {
        peer: "127.0.0.1".to_owned(),
        agent: "test".to_owned(),
    };
    let door = life.bot.door();
    let status = door.link_status(&url.id, &keys.link).await.unwrap()?;
    let came = door
        .redeem(&url.id, &keys.link, &keys.auth, &visitor)
        .await
        .unwrap();
    match came {
        Redemption::Opened { nonce, ciphertext } => {
            let plain = unlock(&status.header, &keys, nonce, &ciphertext).unwrap();
            Some(Content::from_bytes(&plain).unwrap())
        }
        _ => None,
    }
}

/// The password among the fields of a link.
pub(super) fn password(content: &Content) -> String {
    let field = content
        .fields
        .iter()
        .find(|field| field.label.eq_ignore_ascii_case("password"))
        .unwrap();
    field.value.expose_secret().to_owned()
}
