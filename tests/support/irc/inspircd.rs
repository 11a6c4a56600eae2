//! InspIRCd: accounts, capabilities, tags, and as many ways to lose a connection as one likes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::process::{Home, Process, free_port, program};
use super::services::{Running, Services};
use super::{Address, Certificates, Person, password, probe};

/// Whether the server defends itself against people who say too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limits {
    /// As its manual has it.
    Default,
    /// Not at all.
    Off,
}

/// What kind of network a story needs.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) services: Services,
    pub(crate) limits: Limits,
    /// How nicks and rooms are compared: `rfc1459` or `ascii`.
    pub(crate) casemapping: &'static str,
    /// Modules that it does not have, as on older servers.
    pub(crate) without: &'static [&'static str],
    /// More lines for the configuration.
    pub(crate) lines: &'static str,
}

impl Options {
    pub(crate) fn with(services: Services) -> Self {
        Self {
            services,
            limits: Limits::Off,
            casemapping: "rfc1459",
            without: &[],
            lines: "",
        }
    }
}

/// The server, its services, and a second server if one was linked.
pub(crate) struct InspIrcd {
    hub: Node,
    leaf: Option<Node>,
    services: Option<Running>,
    options: Options,
}

/// One server of the network.
struct Node {
    name: &'static str,
    ports: Ports,
    process: Option<Process>,
    certificates: Certificates,
    home: Home,
}

#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    tls: u16,
    link: u16,
}

const HUB: &str = "irc.test";
const LEAF: &str = "leaf.test";
const OPER: (&str, &str) = ("admin", "admin-knows-this");

impl InspIrcd {
    /// A server without flood limits, and the services.
    pub(crate) async fn start(services: Services) -> Self {
        Self::with(Options::with(services)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let (hub, leaf) = (Ports::new(), Ports::new());
        let mut server = Self {
            hub: Node::new(HUB, "0HB", hub, (LEAF, leaf), &options),
            leaf: None,
            services: None,
            options,
        };
        server.hub.start().await;
        if server.options.services != Services::None {
            server.services = Some(Running::new(
                server.options.services,
                server.hub.ports.link,
                HUB,
                server.options.casemapping,
            ));
            server.start_services().await;
        }
        // The leaf is made now, because its folder knows the ports, and started when a story wants it.
        server.leaf = Some(Node::new(LEAF, "0LF", leaf, (HUB, hub), &server.options));
        server
    }

    /// Where it listens in clear.
    pub(crate) fn plain(&self) -> Address {
        self.hub.address(false)
    }

    /// Where it listens with TLS.
    pub(crate) fn tls(&self) -> Address {
        self.hub.address(true)
    }

    /// The second server, in clear.
    pub(crate) fn leaf(&self) -> Address {
        self.leaf.as_ref().unwrap().address(false)
    }

    /// The command with which an account's owner throws out whoever has their nick.
    pub(crate) fn ghost(&self) -> &'static str {
        self.options.services.ghost()
    }

    /// Makes accounts, each with the password that [`password`] says, and has the services write them down.
    pub(crate) async fn accounts(&mut self, names: &[&str]) {
        let address = self.plain();
        let make = async |name: &&str| {
            let person = Person::nobody(address.clone(), name).await;
            let register = format!("REGISTER {} nobody@localhost.test", password(name));
            person.says("NickServ", &register);
            person.hears("registered").await;
            person.leaves().await;
        };
        futures_util::future::join_all(names.iter().map(make)).await;
        // They write what they know when they end, and only now and then before.
        let services = self
            .services
            .as_mut()
            .expect("a network without services has no accounts");
        services.end().await;
        self.services_are(false).await;
        self.start_services().await;
    }

    /// Kill -9 of the services.
    pub(crate) async fn kill_services(&mut self) {
        self.services.as_mut().expect("there are no services").kill();
        self.services_are(false).await;
    }

    /// Starts the services, and waits until one can log in.
    pub(crate) async fn start_services(&mut self) {
        self.services.as_mut().expect("there are no services").start();
        self.services_are(true).await;
    }

    /// The server offers `sasl` exactly while services are linked.
    async fn services_are(&self, there: bool) {
        let end = Instant::now() + Duration::from_secs(20);
        let mut nudge = Instant::now() + Duration::from_secs(1);
        while probe(self.hub.ports.plain)
            .await
            .is_some_and(|offer| offer.contains("sasl"))
            != there
        {
            assert!(
                Instant::now() < end,
                "the services do not {}\n{}",
                if there { "come" } else { "go" },
                self.logs()
            );
            // It sometimes misses the end of a link on which something came just before, until it has to say something
            // there.
            if !there && Instant::now() > nudge {
                Person::nobody(self.plain(), "nudge").await.leaves().await;
                nudge = Instant::now() + Duration::from_secs(1);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the server, and starts it again. The services come back by themselves.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    pub(crate) async fn stop(&mut self) {
        let process = self.hub.process.as_mut().expect("the server is stopped already");
        process.end().await;
        self.hub.process = None;
    }

    pub(crate) async fn start_again(&mut self) {
        self.hub.start().await;
        if self.services.is_some() {
            self.services_are(true).await;
        }
    }

    /// Somebody who may kill, ban, and split.
    pub(crate) async fn oper(&self, nick: &str) -> Person {
        oper(self.plain(), nick).await
    }

    /// Starts the second server, and links it.
    pub(crate) async fn link(&mut self) {
        let leaf = self.leaf.as_mut().unwrap();
        leaf.start().await;
        self.heal().await;
    }

    /// Cuts the link between the two servers.
    pub(crate) async fn split(&self) {
        let oper = self.oper("splitter").await;
        oper.raw(&format!("SQUIT {LEAF} :split by a test"));
        self.linked(&oper, false).await;
        // The other side notices at the latest when it has something to say to this one.
        Person::nobody(self.leaf(), "nudge").await.leaves().await;
    }

    /// Links the two servers again.
    pub(crate) async fn heal(&self) {
        let (there, here) = tokio::join!(oper(self.leaf(), "healer"), self.oper("watcher"));
        there.raw(&format!("CONNECT {HUB}"));
        self.linked(&here, true).await;
    }

    /// Waits until `LINKS` says so.
    async fn linked(&self, oper: &Person, linked: bool) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let mark = oper.mark();
            oper.raw("LINKS");
            oper.sees("the end of LINKS", |line| line.is("365")).await;
            let links = oper.since(mark);
            if links.iter().any(|line| line.is("364") && line.raw.contains(LEAF)) == linked {
                return;
            }
            let logs = [&self.hub, self.leaf.as_ref().unwrap()]
                .map(|node| node.home.logs())
                .concat();
            assert!(Instant::now() < end, "the servers do not link or split\n{logs}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The ends of all logs.
    pub(crate) fn logs(&self) -> String {
        self.hub.home.logs() + &self.services.as_ref().map(Running::logs).unwrap_or_default()
    }
}

impl Drop for InspIrcd {
    #[expect(clippy::print_stderr, reason = "who looks at a failure wants to see it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the network's logs\n{}", self.logs());
        }
    }
}

async fn oper(address: Address, nick: &str) -> Person {
    let person = Person::nobody(address, nick).await;
    person.raw(&format!("OPER {} {}", OPER.0, OPER.1));
    person.sees("an operator's rights", |line| line.is("381")).await;
    person
}

impl Ports {
    fn new() -> Self {
        let [plain, tls, link] = [(); 3].map(|()| free_port());
        Self { plain, tls, link }
    }
}

impl Node {
    fn new(name: &'static str, id: &str, ports: Ports, other: (&str, Ports), options: &Options) -> Self {
        let home = Home::new();
        for folder in ["tls", "data", "log", "run"] {
            home.folder(folder);
        }
        let certificates = Certificates::make(home.at("tls"));
        home.give_all(&home.at("tls"));
        let node = Self {
            name,
            ports,
            home,
            certificates,
            process: None,
        };
        let text = node.configuration(id, other, options);
        node.home.write("inspircd.conf", &text);
        node
    }

    fn address(&self, tls: bool) -> Address {
        if tls {
            Address {
                port: self.ports.tls,
                ca: Some(self.certificates.ca()),
            }
        } else {
            Address {
                port: self.ports.plain,
                ca: None,
            }
        }
    }

    async fn start(&mut self) {
        let config = self.home.at("inspircd.conf");
        let mut command = self.home.command(program("INSPIRCD"), "inspircd");
        command.args(["--nofork", "--nopid", "--config"]).arg(config);
        let mut process = Process::start(&mut command);
        let end = Instant::now() + Duration::from_secs(20);
        while probe(self.ports.plain).await.is_none() {
            let failed = process.has_ended() || Instant::now() > end;
            assert!(!failed, "{} does not come up\n{}", self.name, self.home.logs());
            sleep(Duration::from_millis(10)).await;
        }
        self.process = Some(process);
    }

    fn configuration(&self, id: &str, other: (&str, Ports), options: &Options) -> String {
        let Ports { plain, tls, link } = self.ports;
        let home = self.home.path().display();
        let modules = PathBuf::from(program("INSPIRCD_MODULES"));
        let (certificate, key) = self.certificates.server();
        let flood = match options.limits {
            Limits::Default => {
                r#"fakelag="yes" threshold="10" commandrate="1000" recvq="8192" softsendq="8192" hardsendq="1048576""#
            }
            Limits::Off => {
                r#"fakelag="no" threshold="1000000" commandrate="10000000" recvq="65536" softsendq="1M" hardsendq="64M""#
            }
        };
        let mut text = format!(
            r#"<path configdir="{home}" datadir="{home}/data" logdir="{home}/log" runtimedir="{home}/run" moduledir="{modules}">
<server name="{name}" id="{id}" network="TestNet" description="for one test">
<admin name="nobody" nick="nobody" email="nobody@localhost.test">
<bind address="127.0.0.1" port="{plain}" type="clients">
<bind address="127.0.0.1" port="{tls}" type="clients" sslprofile="clients">
<bind address="127.0.0.1" port="{link}" type="servers">
<sslprofile name="clients" provider="gnutls" certfile="{certificate}" keyfile="{key}" hash="sha256" requestclientcert="yes">
<connect name="everybody" allow="*" {flood} timeout="60" pingfreq="60" localmax="1000" globalmax="1000" limit="1000"
  maxchans="100" maxconnwarn="no" resolvehostnames="no" useconnectban="no" useconnflood="no" usednsbl="no">
<performance nouserdns="yes" somaxconn="128" quietbursts="yes">
<dns server="127.0.0.1" timeout="1">
<options defaultmodes="nt" casemapping="{casemapping}">
<security announceinvites="dynamic">
<sasl target="services.test" requiressl="no">
<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*" snomasks="*">
<type name="all" classes="all">
<oper name="{oper}" password="{oper_password}" host="*@*" type="all">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd.log">
<link name="{other_name}" ipaddr="127.0.0.1" port="{other_port}" allowmask="127.0.0.0/8" sendpass="link" recvpass="link">
"#,
            name = self.name,
            modules = modules.display(),
            certificate = certificate.display(),
            key = key.display(),
            casemapping = options.casemapping,
            oper = OPER.0,
            oper_password = OPER.1,
            other_name = other.0,
            other_port = other.1.link,
        );
        let modules = MODULES.split_whitespace();
        for module in modules.filter(|it| !options.without.contains(it)) {
            writeln!(text, "<module name=\"{module}\">").unwrap();
        }
        if options.services != Services::None {
            text += SERVICES;
        }
        text + options.lines
    }
}

const MODULES: &str = "cap ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost ircv3_ctctags \
    ircv3_echomessage ircv3_invitenotify ircv3_labeledresponse ircv3_msgid ircv3_servertime services_account sasl \
    spanningtree ssl_gnutls sslinfo monitor chghost sethost setname svshold alias sajoin sapart sakick sanick samode \
    callerid hidechans";

const SERVICES: &str = r#"<link name="services.test" ipaddr="127.0.0.1" port="1" allowmask="127.0.0.0/8" sendpass="link" recvpass="link">
<uline server="services.test" silent="yes">
<alias text="NICKSERV" replace="PRIVMSG $requirement :$2-" requires="NickServ" uline="yes">
<alias text="NS" replace="PRIVMSG $requirement :$2-" requires="NickServ" uline="yes">
"#;
