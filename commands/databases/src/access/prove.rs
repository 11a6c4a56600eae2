//! What an account may and may not do, seen with one's own eyes: a twin with the same grants logs in and tries. Its password
//! is in memory alone, so that after a crash it is made anew. (The page's test, `manage.py check`, never connects.)

use countersign_core::text::{count, list};
use countersign_mysql::{Account, Column, Kind, May, Password, Server, Statement, Table, Tls, Visit};
use serde::{Deserialize, Serialize};

use crate::databases::{Database, Side};
use crate::intended::{Intended, Present};
use crate::trouble::Fault;
use crate::words::some;

/// Names in one clause.
const NAMES: usize = 5;

/// What was seen, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proof {
    /// What is as it shall be: `logs in over TLS on the replica`.
    pub(super) good: Vec<String>,
    /// What is not.
    pub(super) bad: Vec<String>,
}

impl Proof {
    /// Notes something: the first words if it is so, else the others.
    fn note(&mut self, is_good: bool, good: impl Into<String>, bad: impl Into<String>) {
        if is_good {
            self.good.push(good.into());
        } else {
            self.bad.push(bad.into());
        }
    }
}

/// What is to be proven of a twin.
pub(super) struct Trial<'t> {
    /// The twin's, for as long as this takes.
    pub(super) password: Password,
    pub(super) database: &'t Database,
    pub(super) twin: &'t Account,
    /// What the account holds, and so the twin is given.
    pub(super) holds: &'t Intended,
    /// What it shall be able to read.
    pub(super) shall: &'t Intended,
    /// What there is to be read.
    pub(super) present: &'t Present,
}

impl Trial<'_> {
    /// Makes the twin, lets it try everything on the replica, and tells what came of it. The twin stays.
    pub(super) async fn run(&self) -> Result<Proof, Fault> {
        self.make().await?;
        self.database.arrived(self.twin).await?;
        let mut proof = Proof::default();
        let (replica, _) = self.database.readable()?;
        if let Some(mut visit) = self.log_in(Side::Replica, replica, &mut proof).await? {
            self.reads(&mut visit, &mut proof).await?;
            self.writes(&mut visit, Side::Replica, &mut proof).await?;
            visit.close().await;
        }
        self.without_tls(replica, &mut proof).await?;
        let primary = &self.database.primary;
        // A replica refuses every write; that the account has no right to one is seen only on the primary.
        if let Some(mut visit) = self.log_in(Side::Primary, primary, &mut proof).await? {
            self.writes(&mut visit, Side::Primary, &mut proof).await?;
            visit.close().await;
        }
        Ok(proof)
    }

    /// From nothing, whatever an earlier try has left.
    async fn make(&self) -> Result<(), Fault> {
        let twin = || vec![self.twin.clone()];
        let mut statements = vec![
            Statement::Drop { accounts: twin() },
            Statement::CreateLocked {
                account: self.twin.clone(),
                password: self.password.clone(),
            },
        ];
        statements.extend(self.holds.grants(&self.database.schema, &twin()));
        statements.push(Statement::Unlock { accounts: twin() });
        let made = self.database.primary.execute(&statements).await;
        made.map_err(|error| self.database.changing().failed(error))
    }

    async fn log_in(&self, side: Side, server: &Server, proof: &mut Proof) -> Result<Option<Visit>, Fault> {
        let user = &self.twin.user;
        // Whoever may read nothing of a schema can't enter it.
        let schema = Some(&self.database.schema).filter(|_| !self.holds.is_empty());
        let visit = match server.log_in(user, &self.password, schema, Tls::Required).await {
            Ok(visit) => visit,
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Locked | Kind::NotAllowed) => {
                proof.bad.push(format!("does not log in over TLS on the {side}"));
                return Ok(None);
            }
            Err(error) => return Err(self.database.reading(side).failed(error)),
        };
        let current = visit.current_user();
        if current != self.twin.to_string() {
            let words = format!("is taken for {current} on the {side}: that account stands in the way");
            proof.bad.push(words);
            return Ok(None);
        }
        if side == Side::Replica {
            proof.note(
                visit.tls().is_some(),
                "logs in over TLS on the replica",
                "logs in on the replica, but not over TLS",
            );
        }
        Ok(Some(visit))
    }

    /// Everything that it shall read, and everything that it shall not.
    async fn reads(&self, visit: &mut Visit, proof: &mut Proof) -> Result<(), Fault> {
        let (mut reads, mut fails) = (0, Vec::new());
        for table in &self.shall.whole {
            if self.may_select(visit, table, None).await? {
                reads += 1;
            } else {
                fails.push(table);
            }
        }
        if reads > 0 {
            proof.good.push(format!("may read {}", count(reads, "table")));
        }
        if !fails.is_empty() {
            proof.bad.push(format!("may not read {}", some(&fails, NAMES)));
        }
        for (table, columns) in &self.shall.columns {
            self.reads_columns(visit, table, columns.iter().collect(), proof)
                .await?;
        }
        self.reads_others(visit, proof).await
    }

    async fn reads_columns(
        &self,
        visit: &mut Visit,
        table: &Table,
        shall: Vec<&Column>,
        proof: &mut Proof,
    ) -> Result<(), Fault> {
        let there = self.present.columns.get(table).map_or(&[][..], Vec::as_slice);
        let (mut reads, mut fails, mut refused, mut leaks) = (vec![], vec![], vec![], vec![]);
        for column in there {
            let may = self.may_select(visit, table, Some(column)).await?;
            match (shall.contains(&column), may) {
                (true, true) => reads.push(column),
                (true, false) => fails.push(column),
                (false, false) => refused.push(format!("{table}.{column}")),
                (false, true) => leaks.push(format!("{table}.{column}")),
            }
        }
        if !reads.is_empty() {
            proof.good.push(format!("may read {} of {table}", list(reads)));
        }
        if !fails.is_empty() {
            proof.bad.push(format!("may not read {} of {table}", list(fails)));
        }
        if !refused.is_empty() {
            proof.good.push(format!("may not read {}", some(&refused, NAMES)));
        }
        if !leaks.is_empty() {
            proof.bad.push(format!("may read {}", some(&leaks, NAMES)));
        }
        Ok(())
    }

    async fn reads_others(&self, visit: &mut Visit, proof: &mut Proof) -> Result<(), Fault> {
        let granted =
            |table: &&Table| self.shall.whole.contains(*table) || self.shall.columns.contains_key(*table);
        let (mut refused, mut leaks) = (0, Vec::new());
        for table in self.present.tables.keys().filter(|table| !granted(table)) {
            if self.may_select(visit, table, None).await? {
                leaks.push(table);
            } else {
                refused += 1;
            }
        }
        if refused > 0 {
            proof
                .good
                .push(format!("may not read {}", count(refused, "other table")));
        }
        if !leaks.is_empty() {
            proof.bad.push(format!("may read {}", some(&leaks, NAMES)));
        }
        Ok(())
    }

    async fn may_select(
        &self,
        visit: &mut Visit,
        table: &Table,
        column: Option<&Column>,
    ) -> Result<bool, Fault> {
        match visit.may_select(&self.database.schema, table, column).await {
            Ok(may) => Ok(may == May::Yes),
            // It went since the tables were read: nobody reads it.
            Err(error) if error.kind() == Kind::NoSuchTable => Ok(false),
            Err(error) => Err(self.database.reading(Side::Replica).failed(error)),
        }
    }

    async fn writes(&self, visit: &mut Visit, side: Side, proof: &mut Proof) -> Result<(), Fault> {
        let mut may = false;
        for table in self.shall.whole.iter().chain(self.shall.columns.keys()) {
            let tried = visit.may_write(&self.database.schema, table).await;
            let tried = tried.map_err(|error| self.database.reading(side).failed(error))?;
            may |= tried == May::Yes;
        }
        proof.note(
            !may,
            format!("may not write on the {side}"),
            format!("MAY WRITE on the {side}"),
        );
        Ok(())
    }

    async fn without_tls(&self, replica: &Server, proof: &mut Proof) -> Result<(), Fault> {
        let user = &self.twin.user;
        match replica.log_in(user, &self.password, None, Tls::Without).await {
            Ok(visit) => {
                visit.close().await;
                proof.bad.push("MAY LOG IN without TLS".to_owned());
            }
            Err(error) if matches!(error.kind(), Kind::Denied) => {
                proof.good.push("may not log in without TLS".to_owned());
            }
            Err(error) => return Err(self.database.reading(Side::Replica).failed(error)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_shall_be_is_kept_apart() {
        let mut proof = Proof::default();
        proof.note(true, "may not write", "MAY WRITE");
        proof.note(false, "may not log in without TLS", "MAY LOG IN without TLS");
        assert_eq!(proof.good, ["may not write"]);
        assert_eq!(proof.bad, ["MAY LOG IN without TLS"]);
    }
}
