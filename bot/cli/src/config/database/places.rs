//! Where databases are, beside each other.

use super::super::document::{Key, Problems};
use super::super::endpoint::Endpoint;
use super::Database;

/// The port of MySQL.
pub(super) const PORT: u16 = 3306;

/// Checks that each server is one database's only: accounts belong to a server, so two databases on one would each take
/// the other's for strays. Where a database is not known, that was told.
pub(super) fn check(databases: &[Option<Database>], problems: &mut Problems<'_>) {
    let mut seen: Vec<(&Endpoint, &Database, &str)> = Vec::new();
    for (index, database) in databases.iter().enumerate() {
        let Some(database) = database else { continue };
        let places = [
            ("primary", Some(&database.primary)),
            ("replica", database.replica.as_ref()),
        ];
        for (field, place) in places {
            let Some(place) = place else { continue };
            let key = Key::of("database").item(index).field(field);
            match seen.iter().find(|(other, ..)| other.is(place)) {
                Some((_, other, "primary")) if field == "replica" && other.name == database.name => problems.add(
                    &key,
                    format!("{place} is the primary too, where queries of others would slow the app down"),
                    "write the replica's own address, or take replica out",
                ),
                Some((_, other, of)) => problems.add(
                    &key,
                    format!("{place} is the {of} of {} already", other.name),
                    "give each server one [[database]] only: its accounts are the server's, whatever schema they read",
                ),
                None => seen.push((place, database, field)),
            }
        }
    }
}
