//! The command line of the binary.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use countersign_console::Look;
use url::Url;

/// A chat-ops bot: destructive orders run once another person has signed exactly that order
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try the bot in this terminal, with several people and a pretend Heroku and GitHub
    Demo(Demo),
    /// Serve the pretend Heroku and GitHub alone, for other programs
    Sandbox(Sandbox),
    /// Read the record of what was done, by whom and with whose signatures
    #[command(subcommand)]
    Audit(Audit),
    /// Explain the configuration
    #[command(subcommand)]
    Config(Config),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// What is logged unless the environment says otherwise: nothing into a terminal in which somebody types.
    pub fn logs(&self) -> &'static str {
        match self {
            Self::Demo(Demo { script: None, .. }) => "off",
            _ => "warn",
        }
    }
}

/// `countersign demo`.
#[derive(Debug, Default, clap::Args)]
pub struct Demo {
    /// Play this script instead of asking for lines, and end
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// How many times as fast as real time everything is: 20 in front of people; a script leaps from one event to
    /// the next
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Keep the store in this folder; without it the demo forgets everything when it ends
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Use a sandbox that runs already instead of one of its own
    #[arg(long, value_name = "URL")]
    pub sandbox: Option<Url>,
    #[arg(long, hide = true, env = "TERM", default_value = "")]
    pub(crate) term: String,
    #[arg(long, hide = true, env = "NO_COLOR", default_value = "")]
    pub(crate) no_color: String,
}

impl Demo {
    /// What the terminal can show, by what its environment says.
    pub fn look(&self) -> Look {
        match (self.term.as_str(), self.no_color.as_str()) {
            ("dumb", _) => Look::Lines,
            (_, "") => Look::Coloured,
            _ => Look::Monochrome,
        }
    }
}

/// `countersign sandbox`.
#[derive(Debug, clap::Args)]
pub struct Sandbox {
    /// The address to listen on, on this machine only; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4567")]
    pub listen: SocketAddr,
    /// How many times as fast as real time its builds and releases are
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

/// Faster than this, nothing that takes time can be seen any more; slower than this, nobody waits for it.
const SPEEDS: RangeInclusive<f64> = 0.1..=1000.0;

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| SPEEDS.contains(speed));
    speed.ok_or_else(|| format!("it must be a number from {} to {}", SPEEDS.start(), SPEEDS.end()))
}

/// `countersign audit`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no record was changed, removed or added
    Verify(Stored),
    /// Print every record as a line of JSON
    #[command(after_long_help = EXPORT)]
    Export(Stored),
}

const EXPORT: &str = "\
Each record's hash is the SHA-256 of the hash of the record before it (32 bytes; zeros before the first) followed by \
the record's seq and entry as canonical JSON (RFC 8785). To check one by hand:

  jq -r .previous record.json | xxd -r -p > bytes
  jq -cjS '{seq, entry}' record.json >> bytes
  sha256sum bytes";

/// Where a store is.
#[derive(Debug, clap::Args)]
pub struct Stored {
    /// The bot's data folder, or the store file itself
    #[arg(long, value_name = "DIR|FILE")]
    pub data: PathBuf,
}

/// `countersign config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the JSON schema of the configuration, for editors
    Schema,
    /// Print what each key means, its default and an example
    Explain {
        /// Only this section or key and what is below it, such as rule.seats
        key: Option<String>,
    },
}
