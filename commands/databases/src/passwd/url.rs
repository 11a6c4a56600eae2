//! A database URL with another password: everything else in it stays as it is, byte for byte. Pure.

use countersign_core::secret::Secret;
use secrecy::ExposeSecret as _;

/// The port of MySQL, where a URL names none.
const PORT: u16 = 3306;

/// What is wrong with a URL. The URL is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAUrl {
    /// It does not begin with `mysql…://` or `mariadb…://`.
    #[error("is no URL of a MySQL database: that begins with mysql://")]
    Scheme,
    /// Nobody logs in with it.
    #[error("names no user, or its password has characters that stand in no URL")]
    User,
}

/// A database URL, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseUrl {
    /// Up to the end of the user: `mysql://th_admin`.
    begin: String,
    /// As people and servers write it.
    user: String,
    /// As the server knows it.
    password: Option<Secret>,
    /// From the `@` on.
    rest: String,
    host: String,
    port: Option<u16>,
}

impl DatabaseUrl {
    /// Takes it apart.
    pub(crate) fn of(url: &Secret) -> Result<Self, NotAUrl> {
        let url = url.expose_secret();
        let (scheme, after) = url.split_once("://").ok_or(NotAUrl::Scheme)?;
        if !scheme.starts_with("mysql") && !scheme.starts_with("mariadb") {
            return Err(NotAUrl::Scheme);
        }
        let authority = after.find(['/', '?', '#']).map_or(after, |end| &after[..end]);
        let (userinfo, address) = authority.rsplit_once('@').ok_or(NotAUrl::User)?;
        let (user, password) = match userinfo.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (userinfo, None),
        };
        if user.is_empty() {
            return Err(NotAUrl::User);
        }
        let (host, port) = host_and_port(address);
        Ok(Self {
            begin: format!("{scheme}://{user}"),
            user: decoded(user).ok_or(NotAUrl::User)?,
            password: match password {
                Some(password) => Some(decoded(password).ok_or(NotAUrl::User)?.into()),
                None => None,
            },
            rest: after[userinfo.len()..].to_owned(),
            host,
            port,
        })
    }

    /// Who logs in with it.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// With what.
    pub(crate) fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// Whether it is of the server at this address.
    pub(crate) fn is_at(&self, (host, port): (&str, u16)) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.unwrap_or(PORT) == port
    }

    /// The same URL with another password.
    pub(crate) fn with_password(&self, password: &Secret) -> Secret {
        let mut url = self.begin.clone();
        url.push(':');
        encode(password.expose_secret(), &mut url);
        url += &self.rest;
        url.into()
    }
}

fn host_and_port(address: &str) -> (String, Option<u16>) {
    match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host.to_owned(), port.parse().ok()),
        _ => (address.to_owned(), None),
    }
}

/// `%40` is `@`. What is no such escape stands for itself: people write such URLs by hand.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = (first == b'%')
            .then(|| after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escape.unwrap_or(first));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

/// Only what stands for itself in a URL is written as it is. Ours are hexadecimal; an old one that is put back may not be.
fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            for digit in [byte >> 4, byte & 15] {
                url.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEW: &str = "9f0a";

    fn of(url: &str) -> Result<DatabaseUrl, NotAUrl> {
        DatabaseUrl::of(&Secret::from(url.to_owned()))
    }

    fn rewritten(url: &str) -> String {
        let new = Secret::from(NEW.to_owned());
        of(url).unwrap().with_password(&new).expose_secret().to_owned()
    }

    #[test]
    fn only_the_password_changes() {
        for (before, after) in [
            (
                "mysql://th_admin:canary@db.example.org/treeherder",
                "mysql://th_admin:9f0a@db.example.org/treeherder",
            ),
            (
                "mysql://th_admin:can%40ary@db.example.org:3307/treeherder?ssl_ca=a.pem&x=%2F#y",
                "mysql://th_admin:9f0a@db.example.org:3307/treeherder?ssl_ca=a.pem&x=%2F#y",
            ),
            (
                "mysql2://th%5Fadmin:c@nary:1@[::1]:3306",
                "mysql2://th%5Fadmin:9f0a@[::1]:3306",
            ),
            (
                "mysql+pymysql://th_admin@DB/x?u=a@b",
                "mysql+pymysql://th_admin:9f0a@DB/x?u=a@b",
            ),
        ] {
            assert_eq!(rewritten(before), after, "{before}");
        }
    }

    #[test]
    fn who_logs_in_where_with_what_is_read_as_the_server_knows_it() {
        let url = of("mysql://th%5Fadmin:can%40ary%@DB.example.org/x").unwrap();
        assert_eq!(url.user(), "th_admin");
        assert_eq!(url.password().unwrap().expose_secret(), "can@ary%");
        assert!(url.is_at(("db.example.org", 3306)));
        assert!(!url.is_at(("db.example.org", 3307)));
        assert!(!url.is_at(("ro.example.org", 3306)));
        assert!(of("mysql://u:p@[::1]:3307/x").unwrap().is_at(("[::1]", 3307)));
        assert!(of("mysql://u@[::1]/x").unwrap().is_at(("[::1]", 3306)));
    }

    #[test]
    fn what_is_no_database_url_is_not_touched_and_not_quoted() {
        for (url, wrong) in [
            ("canary", NotAUrl::Scheme),
            ("postgres://u:canary@db/x", NotAUrl::Scheme),
            ("mysql://db.example.org/canary", NotAUrl::User),
            ("mysql://:canary@db/x", NotAUrl::User),
            ("mysql://u:can/ary@db/x", NotAUrl::User),
            ("mysql://u:%FF@db/x", NotAUrl::User),
        ] {
            let found = of(url).unwrap_err();
            assert_eq!(found, wrong, "{url}");
            assert!(!found.to_string().contains("canary"));
        }
        let kept = format!("{:?}", of("mysql://u:canary@db/x").unwrap());
        assert!(!kept.contains("canary"), "{kept}");
    }

    proptest! {
        #[test]
        fn whatever_stands_around_the_password_stays(
            user in "[a-z_]{1,12}",
            old in "[!-~&&[^/?#@]]{0,20}",
            host in "[a-z.]{1,20}",
            rest in "(/[!-~&&[^@]]{0,20})?",
            new in "\\PC{1,20}",
        ) {
            let url = DatabaseUrl::of(&Secret::from(format!("mysql://{user}:{old}@{host}{rest}")));
            prop_assume!(url.is_ok());
            let (url, new) = (url.unwrap(), Secret::from(new));
            let after = url.with_password(&new);
            let ends = format!("@{host}{rest}");
            let begins = format!("mysql://{user}:");
            prop_assert!(after.expose_secret().starts_with(&begins));
            prop_assert!(after.expose_secret().ends_with(&ends));
            let again = DatabaseUrl::of(&after).unwrap();
            prop_assert_eq!(again.user(), user);
            prop_assert_eq!(again.password().unwrap().expose_secret(), new.expose_secret());
            // Whatever was rewritten once is the same when it is rewritten again.
            let twice = again.with_password(&new);
            prop_assert_eq!(twice.expose_secret(), after.expose_secret());
        }
    }
}
