//! How Atheme is told to serve one test: accounts without mail, and no limits on how often.

use std::path::Path;

const MODULES: [&str; 18] = [
    "protocol/inspircd",
    "backend/opensex",
    "crypto/pbkdf2v2",
    "nickserv/main",
    "nickserv/register",
    "nickserv/identify",
    "nickserv/logout",
    "nickserv/info",
    "nickserv/group",
    "nickserv/ghost",
    "nickserv/set_core",
    "nickserv/set_accountname",
    "nickserv/cert",
    "nickserv/status",
    "nickserv/help",
    "saslserv/main",
    "saslserv/plain",
    "saslserv/external",
];

pub(super) fn configuration(link: u16, uplink: &str, casemapping: &str, log: &Path) -> String {
    let modules = MODULES
        .map(|it| format!("loadmodule \"modules/{it}\";\n"))
        .concat();
    let services: String = [("nickserv", "NickServ"), ("saslserv", "SaslServ")]
        .map(|(section, nick)| {
            format!(r#"{section} {{ nick = "{nick}"; user = "{section}"; host = "services.test"; real = "{nick}"; }};"#) + "\n"
        })
        .concat();
    format!(
        r#"{modules}
serverinfo {{
    name = "services.test"; desc = "accounts"; numeric = "0SV"; netname = "TestNet"; recontime = 1;
    hidehostsuffix = "users.test"; adminname = "nobody"; adminemail = "nobody@localhost.test";
    registeremail = "nobody@localhost.test"; mta = "/bin/true"; auth = none; loglevel = {{ all; }};
    maxlogins = 1000; maxusers = 0; maxcertfp = 10; emaillimit = 1000000; emailtime = 1; casemapping = {casemapping};
}};
uplink "{uplink}" {{ host = "127.0.0.1"; port = {link}; send_password = "link"; receive_password = "link"; }};
crypto {{ pbkdf2v2_digest = "SHA256"; pbkdf2v2_rounds = 10000; }};
general {{
    flood_msgs = 0; flood_time = 0; ratelimit_uses = 0; ratelimit_period = 0; default_clone_allowed = 100000;
    commit_interval = 5; uflags = {{ hidemail; }};
}};
logfile "{log}" {{ all; }};
{services}"#,
        log = log.display(),
    )
}
