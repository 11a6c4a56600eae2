//! Which tables a schema has, and which columns a table.

use crate::{
    error::Result,
    names::{Column, Schema, Table},
    server::Server,
};

/// What something that is listed among tables is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A table with rows of its own.
    Base,
    /// A view: it shows what its definer may see.
    View,
    /// Anything else: a sequence, a table of the server's own.
    Other,
}

impl Server {
    /// The tables of a schema, in the order of their names; none where there is no such schema.
    pub async fn tables(&self, schema: &Schema) -> Result<Vec<(Table, TableKind)>> {
        let mut lease = self.lease().await?;
        let name = lease.wire.literal(schema.as_str());
        let sql = format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {name}"
        );
        let mut tables = Vec::new();
        let each = lease.wire.each(&sql, |row| {
            // The comparison there does not care about case, but two schemas may differ in it alone.
            if row.text(0)? == schema.as_str() {
                tables.push((Table::told(row.text(1)?), kind(&row.text(2)?)));
            }
            Ok(())
        });
        each.await?;
        lease.give_back();
        tables.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(tables)
    }

    /// The columns of a table, in their order; none where there is no such table.
    pub async fn columns(&self, schema: &Schema, table: &Table) -> Result<Vec<Column>> {
        let mut lease = self.lease().await?;
        let (schema_name, name) = (
            lease.wire.literal(schema.as_str()),
            lease.wire.literal(table.as_str()),
        );
        let sql = format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = {schema_name} AND TABLE_NAME = {name} ORDER BY ORDINAL_POSITION"
        );
        let mut columns = Vec::new();
        let each = lease.wire.each(&sql, |row| {
            if row.text(0)? == schema.as_str() && row.text(1)? == table.as_str() {
                columns.push(Column::told(row.text(2)?));
            }
            Ok(())
        });
        each.await?;
        lease.give_back();
        Ok(columns)
    }
}

fn kind(text: &str) -> TableKind {
    match text {
        "BASE TABLE" | "SYSTEM VERSIONED" => TableKind::Base,
        "VIEW" => TableKind::View,
        _ => TableKind::Other,
    }
}
