//! ngIRCd: no accounts, no tags, lines of 512 bytes or else.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::process::{Home, Process, free_port, program};
use super::{Address, Certificates, Limits, Person, probe};

/// The server.
pub(crate) struct Ngircd {
    plain: u16,
    tls: u16,
    certificates: Certificates,
    _process: Process,
    _home: Home,
}

const OPER: (&str, &str) = ("admin", "admin-knows-this");

impl Ngircd {
    pub(crate) async fn start(limits: Limits) -> Self {
        let home = Home::new();
        home.folder("tls");
        // Else it reads the system's.
        home.folder("more");
        let certificates = Certificates::make(home.at("tls"));
        home.give_all(&home.at("tls"));
        let [plain, tls] = [(); 2].map(|()| free_port());
        let config = home.write(
            "ngircd.conf",
            &configuration(&home, &certificates, (plain, tls), limits),
        );
        let mut command = home.command(program("NGIRCD"), "ngircd");
        command.arg("-n").arg("-f").arg(config);
        let mut process = Process::start(&mut command);
        let end = Instant::now() + Duration::from_secs(20);
        while probe(plain).await.is_none() {
            let failed = process.has_ended() || Instant::now() > end;
            assert!(!failed, "ngIRCd does not come up\n{}", home.logs());
            sleep(Duration::from_millis(10)).await;
        }
        Self {
            _home: home,
            certificates,
            plain,
            tls,
            _process: process,
        }
    }

    pub(crate) fn plain(&self) -> Address {
        Address {
            port: self.plain,
            ca: None,
        }
    }

    pub(crate) fn tls(&self) -> Address {
        Address {
            port: self.tls,
            ca: Some(self.certificates.ca()),
        }
    }

    pub(crate) async fn oper(&self, nick: &str) -> Person {
        let person = Person::nobody(self.plain(), nick).await;
        person.raw(&format!("OPER {} {}", OPER.0, OPER.1));
        person.sees("an operator's rights", |line| line.is("381")).await;
        person
    }
}

fn configuration(home: &Home, certificates: &Certificates, ports: (u16, u16), limits: Limits) -> String {
    let (certificate, key) = certificates.server();
    let penalty = match limits {
        Limits::Default => "",
        Limits::Off => "MaxPenaltyTime = 0",
    };
    format!(
        "[Global]\nName = irc.test\nInfo = for one test\nNetwork = TestNet\nListen = 127.0.0.1\nPorts = {plain}\n\
         MotdPhrase = hello\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 31\n{penalty}\n\
         [Options]\nDNS = no\nIdent = no\nPAM = no\nIncludeDir = {more}\n\
         [SSL]\nCertFile = {certificate}\nKeyFile = {key}\nPorts = {tls}\n\
         [Operator]\nName = {oper}\nPassword = {password}\n",
        plain = ports.0,
        tls = ports.1,
        more = home.at("more").display(),
        certificate = certificate.display(),
        key = key.display(),
        oper = OPER.0,
        password = OPER.1,
    )
}
