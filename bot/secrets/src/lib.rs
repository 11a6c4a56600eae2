#![doc = include_str!("../README.md")]

pub mod at_rest;
pub mod base64url;
pub mod content;
pub mod drop_box;
mod envelope;
pub mod header;
mod kdf;
pub mod key;
pub mod link;
pub mod path_id;
pub mod phrase;
pub mod proof;
pub mod url;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod vectors;

/// The version that every header and every request body names.
pub const VERSION: u8 = 1;

/// Debug output of a type that must not be printed: its name.
macro_rules! unprintable {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}
pub(crate) use unprintable;
