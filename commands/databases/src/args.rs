//! The grammar: `db list`, `db show <database>`, `db access <what> …`, `db passwd …`.

use crate::{passwd, refresh};

/// Databases: who may read them, for how long, and with which password.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Name the databases, their replicas and their tables.
    List {},
    /// Say how a database is: its servers, the replica's delay, the tables by class, the accounts.
    Show {
        /// Which database.
        #[arg(id = "target", value_name = "DATABASE")]
        target: String,
    },
    /// Give people read-only accounts, look after them, take them away.
    Access {
        #[command(subcommand)]
        verb: AccessVerb,
    },
    /// Change the password of an account.
    Passwd(passwd::Args),
}

#[derive(clap::Subcommand)]
pub(crate) enum AccessVerb {
    /// Give somebody a read-only account, by a secret link; it can be used once that is opened, and ends by itself.
    Grant(Grant),
    /// Name the accounts that were given, whose they are and when they end.
    List {
        /// Of which database; of all, if you don't say.
        #[arg(id = "target", long = "db", value_name = "DATABASE")]
        db: Option<String>,
    },
    /// Say what is known of an account: whose it is, when it ends, what it may read.
    Show(Which),
    /// Prove what an account may and may not do, with a short-lived twin of it on the replica.
    Check(Checked),
    /// Let an account end later.
    Renew(Renew),
    /// Take an account away: nobody can log in with it any more, and whoever is logged in is thrown out.
    Revoke(Checked),
    /// Compare the tables with what every read-only account may read, and mend that.
    Refresh(refresh::Args),
}

/// Who is to be given what.
#[derive(clap::Args)]
pub(crate) struct Grant {
    /// What the account is called behind cs_, or a program's account that the configuration names.
    pub(crate) name: String,
    /// Whose it is; yours, if you don't say. They get the link.
    #[arg(long = "for", value_name = "PERSON")]
    pub(crate) person: Option<String>,
    /// After how many days it ends.
    #[arg(long, value_name = "N", value_parser = days)]
    pub(crate) days: Option<u32>,
    /// Only these tables, with commas in between.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) tables: Vec<String>,
    /// On which database; not needed if only one has a replica.
    #[arg(id = "target", long = "db", value_name = "DATABASE")]
    pub(crate) db: Option<String>,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// Which account is meant.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// The account, or the id of the access.
    pub(crate) account: String,
    /// On which database; not needed if only one has such an account.
    #[arg(id = "target", long = "db", value_name = "DATABASE")]
    pub(crate) db: Option<String>,
}

/// Which account is meant, and why.
#[derive(clap::Args)]
pub(crate) struct Checked {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// Which account is to end when.
#[derive(clap::Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    pub(crate) which: Which,
    /// In how many days from now it ends.
    #[arg(long, value_name = "N", value_parser = days)]
    pub(crate) days: Option<u32>,
    /// Why; those who sign and the audit say it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// A number of days, or why it is none.
fn days(typed: &str) -> Result<u32, &'static str> {
    typed
        .parse()
        .map_err(|_| "it is a whole number of days, as in --days 14")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_days_is_told_in_our_words() {
        assert_eq!(days("14"), Ok(14));
        for typed in ["x", "", "1.5", "-3", "two weeks", "99999999999"] {
            assert_eq!(
                days(typed),
                Err("it is a whole number of days, as in --days 14"),
                "{typed}"
            );
        }
        let grammar = <Args as clap::Args>::augment_args(clap::Command::new("db").no_binary_name(true));
        for line in ["access grant dave --days x", "access renew cs_dave --days x"] {
            let wrong = grammar.clone().try_get_matches_from(line.split(' ')).unwrap_err();
            let why = std::error::Error::source(&wrong).unwrap().to_string();
            assert_eq!(why, "it is a whole number of days, as in --days 14", "{line}");
        }
    }
}
