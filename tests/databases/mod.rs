//! Databases with everything real: a primary and its replica, of MariaDB and of MySQL, with TLS.

mod granting;
mod kills;
mod pairs;
mod place;
