//! What is in the link: all that is needed to log in, and an option file with which nobody types a password. The address is
//! the replica's; the primary's is nowhere in it.

use countersign_core::link::{Content, Field, File};
use countersign_core::secret::Secret;
use countersign_mysql::{Password, UserName};
use secrecy::ExposeSecret as _;

use crate::databases::Database;
use crate::trouble::Fault;

/// The name of the file with the authorities.
const CA: &str = "ca.pem";

/// The link's content for an account of the database.
pub(crate) fn content(database: &Database, user: &UserName, password: &Password) -> Result<Content, Fault> {
    let (_, (host, port)) = database.readable()?;
    let login = Login {
        user: user.as_str(),
        password: password.secret(),
        host,
        port: *port,
        schema: database.schema.as_str(),
    };
    Ok(login.content(database.ca.pem()))
}

struct Login<'l> {
    user: &'l str,
    password: &'l Secret,
    host: &'l str,
    port: u16,
    schema: &'l str,
}

impl Login<'_> {
    fn content(&self, ca: &str) -> Content {
        let field = |label: &str, value: String| Field {
            label: label.to_owned(),
            value: value.into(),
        };
        let file = |name: String, text: String| File {
            name,
            text: text.into(),
        };
        Content {
            fields: vec![
                field("user", self.user.to_owned()),
                Field {
                    label: "password".to_owned(),
                    value: self.password.clone(),
                },
                field("host", self.host.to_owned()),
                field("port", self.port.to_string()),
                field("database", self.schema.to_owned()),
                field("DATABASE_URL", self.url()),
            ],
            files: vec![
                file(CA.to_owned(), ca.to_owned()),
                file(format!("{}.cnf", file_name(self.user)), self.option_file()),
            ],
        }
    }

    /// `mysql://user:password@host:port/database`.
    fn url(&self) -> String {
        format!(
            "mysql://{}:{}@{}:{}/{}",
            escaped(self.user),
            escaped(self.password.expose_secret()),
            self.host,
            self.port,
            escaped(self.schema)
        )
    }

    /// Both clients read it, and take `localhost` for a socket unless they are told otherwise. MySQL's has `ssl-mode`,
    /// MariaDB's has `ssl-verify-server-cert` and reads a group of its own. MySQL's has no such group, so that MariaDB's comes
    /// across `ssl-mode` too: `loose-` lets it pass over that, with a warning that the file explains. Either way there is no
    /// login without TLS.
    fn option_file(&self) -> String {
        let Self { host, port, .. } = self;
        let name = file_name(self.user);
        format!(
            "# Save this file and {CA} in one folder, and log in from that folder:\n\
             #   mysql --defaults-extra-file={name}.cnf\n\
             # From anywhere else, with the folder in place of FOLDER:\n\
             #   mysql --defaults-extra-file=FOLDER/{name}.cnf --ssl-ca=FOLDER/{CA}\n\
             # MariaDB's client warns that it does not know ssl-mode: that line is for MySQL's. Both insist on TLS and on\n\
             # the server's name.\n\
             [client]\n\
             user = {}\n\
             password = {}\n\
             host = {host}\n\
             port = {port}\n\
             protocol = tcp\n\
             ssl-ca = {CA}\n\
             loose-ssl-mode = VERIFY_IDENTITY\n\
             \n\
             [client-mariadb]\n\
             ssl-verify-server-cert\n\
             \n\
             [mysql]\n\
             database = {}\n",
            quoted(self.user),
            quoted(self.password.expose_secret()),
            quoted(self.schema)
        )
    }
}

/// A value in an option file: in quotes, where only the backslash means something else than itself.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\"))
}

/// A part of a URL: everything but letters, digits and `-._~` by its bytes.
fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(["%", &hex::encode_upper([byte])]);
        }
    }
    escaped
}

/// What the option file is called: by its account, if that is a name for a file.
fn file_name(user: &str) -> &str {
    let plain = user
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && !user.is_empty() { user } else { "access" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login<'l>(user: &'l str, password: &'l Secret) -> Login<'l> {
        Login {
            user,
            password,
            host: "treeherder-prod-ro.abc123.us-east-1.rds.amazonaws.com",
            port: 3306,
            schema: "treeherder",
        }
    }

    #[test]
    fn the_link_holds_all_that_is_needed_to_log_in() {
        let password = Secret::from("a1".repeat(30));
        let content = login("cs_dave", &password).content("-----BEGIN CERTIFICATE-----\n");
        let fields: Vec<(&str, &str)> = content
            .fields
            .iter()
            .map(|field| (field.label.as_str(), field.value.expose_secret()))
            .collect();
        let url = format!(
            "mysql://cs_dave:{}@treeherder-prod-ro.abc123.us-east-1.rds.amazonaws.com:3306/treeherder",
            "a1".repeat(30)
        );
        assert_eq!(
            fields,
            [
                ("user", "cs_dave"),
                ("password", "a1".repeat(30).as_str()),
                ("host", "treeherder-prod-ro.abc123.us-east-1.rds.amazonaws.com"),
                ("port", "3306"),
                ("database", "treeherder"),
                ("DATABASE_URL", &url),
            ]
        );
        let names: Vec<&str> = content.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["ca.pem", "cs_dave.cnf"]);
    }

    #[test]
    fn the_option_file_insists_on_tls_with_either_client() {
        let password = Secret::from("a1".repeat(30));
        let file = login("cs_dave", &password).option_file();
        let groups: Vec<&str> = file.split("\n\n").collect();
        let [client, mariadb, mysql] = groups.as_slice() else {
            panic!("{file}");
        };
        for line in [
            "#   mysql --defaults-extra-file=cs_dave.cnf\n",
            "#   mysql --defaults-extra-file=FOLDER/cs_dave.cnf --ssl-ca=FOLDER/ca.pem\n",
        ] {
            assert!(client.contains(line), "{client}");
        }
        assert!(client.contains("[client]\nuser = \"cs_dave\"\npassword = \"a1a1"));
        assert!(client.contains("ssl-ca = ca.pem\nloose-ssl-mode = VERIFY_IDENTITY"));
        assert_eq!(*mariadb, "[client-mariadb]\nssl-verify-server-cert");
        assert_eq!(*mysql, "[mysql]\ndatabase = \"treeherder\"\n");
    }

    #[test]
    fn names_and_passwords_with_odd_characters_stay_what_they_are() {
        let password = Secret::from("p@s:s/w%\\\"#é");
        let login = login("o'brien", &password);
        assert!(
            login
                .url()
                .starts_with("mysql://o%27brien:p%40s%3As%2Fw%25%5C%22%23%C3%A9@treeherder")
        );
        assert!(login.option_file().contains("password = \"p@s:s/w%\\\\\"#é\"\n"));
        assert_eq!(login.content("").files[1].name, "access.cnf");
    }
}
