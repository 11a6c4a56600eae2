//! Which server it is. What differs between servers hangs on this, and stands here where it can.

use std::fmt;

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Oracle's, and what is compatible with it.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// `8.0.35`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

/// A flavour and a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Make {
    pub(crate) flavour: Flavour,
    pub(crate) version: Version,
}

impl Make {
    /// Reads `@@version`: `8.0.35`, `5.7.44-log`, `10.11.19-MariaDB-deb12-log`.
    pub(crate) fn read(text: &str) -> Self {
        let flavour = if text.contains("MariaDB") {
            Flavour::MariaDb
        } else {
            Flavour::MySql
        };
        // Old MariaDB servers begin with a version that replicas of MySQL bear.
        let text = text.strip_prefix("5.5.5-").unwrap_or(text);
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        let mut numbers = numbers.map(|digits| digits.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        Self {
            flavour,
            version: Version(next(), next(), next()),
        }
    }

    fn mysql_since(self, version: Version) -> bool {
        self.flavour == Flavour::MySql && self.version >= version
    }

    /// A second password that is good until it is discarded.
    pub(crate) fn has_dual_passwords(self) -> bool {
        self.mysql_since(Version(8, 0, 14))
    }

    /// A `GRANT` to nobody makes an account, unless `NO_AUTO_CREATE_USER` is set. MySQL 8 has neither.
    pub(crate) fn may_create_by_grant(self) -> bool {
        !self.mysql_since(Version(8, 0, 0))
    }

    /// Hashes of passwords have bytes that are no text, which `SHOW CREATE USER` can write in hexadecimal digits.
    pub(crate) fn has_hex_hashes(self) -> bool {
        self.mysql_since(Version(8, 0, 17))
    }

    /// `SHOW REPLICA STATUS`; before that it is `SHOW SLAVE STATUS`.
    pub(crate) fn says_replica(self) -> bool {
        self.mysql_since(Version(8, 0, 22))
    }

    /// `CURRENT_ROLE()`.
    pub(crate) fn has_roles(self) -> bool {
        self.flavour == Flavour::MariaDb || self.mysql_since(Version(8, 0, 0))
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        let made = |text| {
            let Make { flavour, version } = Make::read(text);
            format!("{flavour} {version}")
        };
        assert_eq!(made("8.0.35"), "MySQL 8.0.35");
        assert_eq!(made("5.7.44-log"), "MySQL 5.7.44");
        assert_eq!(made("10.11.19-MariaDB-0+deb12u1-log"), "MariaDB 10.11.19");
        assert_eq!(made("5.5.5-10.3.39-MariaDB"), "MariaDB 10.3.39");
        assert_eq!(made("9.7"), "MySQL 9.7.0");
    }

    #[test]
    fn trap_04_dual_passwords_exist_only_from_mysql_8_0_14() {
        assert!(!Make::read("5.7.44-log").has_dual_passwords());
        assert!(!Make::read("8.0.13").has_dual_passwords());
        assert!(Make::read("8.0.14").has_dual_passwords());
        assert!(Make::read("9.7.4").has_dual_passwords());
        assert!(!Make::read("10.11.19-MariaDB").has_dual_passwords());
    }

    #[test]
    fn trap_02_before_mysql_8_a_grant_may_make_an_account() {
        assert!(Make::read("5.7.44-log").may_create_by_grant());
        assert!(Make::read("10.11.19-MariaDB").may_create_by_grant());
        assert!(!Make::read("8.0.35").may_create_by_grant());
    }
}
