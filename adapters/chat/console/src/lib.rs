#![doc = include_str!("../README.md")]

mod console;
mod helper;
mod output;
mod place;
mod render;
mod screen;
mod script;
mod seat;
mod session;
mod stage;
mod transcript;

pub use console::Console;
pub use output::Output;
pub use place::Where;
pub use render::Look;
pub use script::{Script, ScriptError};
pub use session::{Session, SessionError};
pub use stage::{RunError, Stage, StageError, run_script};
pub use transcript::Transcript;
