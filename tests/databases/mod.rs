//! Databases with everything real: a primary and its replica, of MariaDB and of MySQL, with TLS.

mod asking;
mod checking;
mod demo;
mod full;
mod granting;
mod hand;
mod kills;
mod pairs;
mod passwd;
mod place;
mod refresh;
mod secrets;
mod trouble;
