//! How Anope is told to serve one test: accounts without mail, and no limits on how often.

use std::path::Path;

/// The modules of NickServ that are one command each.
const COMMANDS: [&str; 7] = ["identify", "logout", "info", "status", "group", "recover", "cert"];

pub(super) fn configuration(link: u16, casemapping: &str, data: &Path) -> String {
    let commands: String = COMMANDS
        .map(|it| {
            let name = it.to_uppercase();
            format!(
                "module {{ name = \"ns_{it}\"; maxaliases = 16; max = 10; restoreonrecover = yes }}\n\
                 command {{ service = \"NickServ\"; name = \"{name}\"; command = \"nickserv/{it}\" }}\n"
            )
        })
        .concat();
    format!(
        r#"uplink {{ host = "127.0.0.1"; port = {link}; password = "link"; ipv6 = no; ssl = no }}
serverinfo {{ name = "services.test"; description = "accounts"; id = "0SV"; pid = "{data}/pid"; motd = "motd" }}
networkinfo {{
    networkname = "TestNet"; nicklen = 30; userlen = 10; hostlen = 64; chanlen = 64; modelistsize = 100
    vhost_chars = "abcdefghijklmnopqrstuvwxyz0123456789.-"; disallow_start_or_end = ".-"
}}
options {{
    seed = 5; casemap = "{casemapping}"; strictpasswords = no; badpasslimit = 0; badpasstimeout = 1h; updatetimeout = 5s
    expiretimeout = 1d; readtimeout = 1s; warningtimeout = 4h; timeoutcheck = 1s; retrywait = 1s
}}
log {{ target = "anope.log"; logage = 7; admin = "*"; override = "*"; commands = "*"; servers = "*"; users = "*"; other = "*" }}
mail {{ usemail = no; sendmailpath = "/bin/true"; sendfrom = "nobody@localhost.test"; delay = 1s }}
module {{ name = "inspircd3"; use_server_side_mlock = no; use_server_side_topiclock = no }}
module {{ name = "db_flatfile"; database = "anope.db"; keepbackups = 0; nobackupok = yes; fork = no }}
module {{ name = "enc_sha256" }}
module {{ name = "m_sasl" }}
service {{ nick = "NickServ"; user = "nickserv"; host = "services.test"; gecos = "NickServ" }}
module {{
    name = "nickserv"; client = "NickServ"; forceemail = no; confirmemailchanges = no; regdelay = 0; expire = 0
    maxaliases = 16; accesslimit = 32; guestnickprefix = "Guest"; nonicknameownership = no
    defaults = "ns_private hide_email hide_mask memo_signon"
}}
module {{ name = "ns_register"; registration = "none"; nickregdelay = 0; unconfirmedexpire = 1d }}
command {{ service = "NickServ"; name = "REGISTER"; command = "nickserv/register" }}
{commands}"#,
        data = data.display(),
    )
}
