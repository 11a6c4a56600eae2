//! The configuration that the bot serves: the one of deploy/, on a network and against a sandbox of the test.

use std::process::Command;

use toml::{Table, Value};

use crate::support::irc::{Address, free_port};
use crate::support::mysql::{ADMIN, Pair};
use crate::support::programs::Sandbox;

const CONFIG: &str = include_str!("../../../deploy/treeherder.toml");
/// What the configuration calls the network.
pub(crate) const NETWORK: &str = "test";
/// Where the stories are told.
pub(crate) const ROOM: &str = "#treeherder";

/// What the bot is started with. The people are those of deploy/treeherder.toml, each with an account of their name.
pub(crate) struct Setup {
    sandbox: String,
    address: Address,
    account: bool,
    web: Option<Ports>,
    databases: Option<Servers>,
    pub(super) filter: &'static str,
    pub(super) json: bool,
    change: fn(&mut Table),
}

/// Where the servers of `prod-db` are, and how the bot gets in.
#[derive(Clone)]
struct Servers {
    primary: String,
    replica: String,
    ca: String,
    password: String,
}

/// Where the web side listens on this machine.
#[derive(Clone, Copy)]
struct Ports {
    people: u16,
    machines: u16,
}

impl Setup {
    /// On a network where the bot has an account, and where it may speak as fast as it likes.
    pub(crate) fn on(address: Address, sandbox: &Sandbox) -> Self {
        Self {
            sandbox: sandbox.url.clone(),
            address,
            account: true,
            web: None,
            databases: None,
            filter: "warn,countersign=info,countersign_irc=trace",
            json: false,
            change: |_| {},
        }
    }

    /// With a web side, in clear on this machine, at the same ports after every start.
    pub(crate) fn with_web(self) -> Self {
        let web = Some(Ports {
            people: free_port(),
            machines: free_port(),
        });
        Self { web, ..self }
    }

    /// With `prod-db`, which is this pair, and the rights that RDS gives.
    pub(crate) fn with_database(self, pair: &Pair) -> Self {
        let at = |(host, port): (&str, u16)| format!("{host}:{port}");
        let file = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
        let databases = Some(Servers {
            primary: at(pair.primary()),
            replica: at(pair.replica()),
            ca: file(pair.ca()),
            password: file(pair.password_file()),
        });
        Self { databases, ..self }
    }

    /// Logging all there is to log, as text or as JSON.
    pub(crate) fn logging_all(self, json: bool) -> Self {
        Self {
            filter: "trace",
            json,
            ..self
        }
    }

    /// What links begin with: `http://127.0.0.1:15000/`.
    pub(super) fn url(&self) -> Option<String> {
        self.web.map(|web| format!("http://127.0.0.1:{}/", web.people))
    }

    /// Where machines look, without a slash at the end.
    pub(super) fn admin(&self) -> Option<String> {
        self.web.map(|web| format!("http://127.0.0.1:{}", web.machines))
    }

    /// On a network without accounts.
    pub(crate) fn without_account(self) -> Self {
        Self {
            account: false,
            ..self
        }
    }

    /// With a change of the configuration.
    pub(crate) fn but(self, change: fn(&mut Table)) -> Self {
        Self { change, ..self }
    }

    pub(crate) fn configuration(&self) -> String {
        let mut config: Table = CONFIG.parse().unwrap();
        let bot = table(&mut config, "bot");
        bot.insert("name".into(), "bot".into());
        bot.insert("data".into(), "data".into());
        let url = &self.sandbox;
        table(&mut config, "heroku").insert("url".into(), format!("{url}/").into());
        table(&mut config, "heroku").insert("poll".into(), "2 s".into());
        table(&mut config, "github").insert("url".into(), format!("{url}/github/").into());
        self.servers(&mut config);
        self.web_side(&mut config);
        config.insert("irc".into(), Value::Array(vec![Value::Table(self.network())]));
        for person in config["person"].as_array_mut().unwrap() {
            let name = person["name"].as_str().unwrap().to_owned();
            let mut accounts = vec![account(NETWORK, &name)];
            // Somebody has to be whoever runs the tests.
            if name == "erin" {
                accounts.push(account("local", &user()));
            }
            person
                .as_table_mut()
                .unwrap()
                .insert("accounts".into(), Value::Array(accounts));
        }
        (self.change)(&mut config);
        toml::to_string(&config).unwrap()
    }

    /// Most stories need none. Those that do have the first of the file, prod-db.
    fn servers(&self, config: &mut Table) {
        let Some(Value::Array(all)) = config.remove("database") else {
            panic!("the configuration has no databases");
        };
        let Some(servers) = &self.databases else {
            return;
        };
        let Some(Value::Table(mut first)) = all.into_iter().next() else {
            panic!("a database is a table");
        };
        let password: Table = [("file".to_owned(), Value::from(servers.password.as_str()))]
            .into_iter()
            .collect();
        first.insert("primary".into(), servers.primary.as_str().into());
        first.insert("replica".into(), servers.replica.as_str().into());
        first.insert("ca".into(), servers.ca.as_str().into());
        first.insert("user".into(), ADMIN.into());
        first.insert("password".into(), password.into());
        config.insert("database".into(), Value::Array(vec![Value::Table(first)]));
    }

    /// Most stories need none.
    fn web_side(&self, config: &mut Table) {
        let Some(Ports { people, machines }) = self.web else {
            config.remove("web");
            config.remove("secrets");
            return;
        };
        let web = table(config, "web");
        web.remove("trusted_proxies");
        web.insert("url".into(), format!("http://127.0.0.1:{people}/").into());
        web.insert("listen".into(), format!("127.0.0.1:{people}").into());
        web.insert("admin".into(), format!("127.0.0.1:{machines}").into());
    }

    fn network(&self) -> Table {
        let mut network = Table::new();
        network.insert("network".into(), NETWORK.into());
        network.insert(
            "servers".into(),
            vec![format!("localhost:{}", self.address.port)].into(),
        );
        network.insert("nick".into(), "bot".into());
        match &self.address.ca {
            Some(ca) => network.insert("ca".into(), ca.to_str().unwrap().into()),
            None => network.insert("tls".into(), false.into()),
        };
        if self.account {
            network.insert("account".into(), "bot".into());
            network.insert("nickserv".into(), "NickServ@services.test".into());
            let password: Table = [("env".to_owned(), Value::from("IRC_PASSWORD"))]
                .into_iter()
                .collect();
            network.insert("password".into(), password.into());
        }
        network.insert("burst".into(), 1000.into());
        network.insert("every".into(), "1 ms".into());
        network.insert("longest_pause".into(), "1 s".into());
        network
    }
}

fn table<'t>(config: &'t mut Table, name: &str) -> &'t mut Table {
    config[name].as_table_mut().unwrap()
}

fn account(network: &str, name: &str) -> Value {
    let pair = |key: &str, value: &str| (key.to_owned(), Value::from(value));
    Value::Table(
        [pair("network", network), pair("name", name)]
            .into_iter()
            .collect(),
    )
}

/// The number of the user that runs the tests.
fn user() -> String {
    let output = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
