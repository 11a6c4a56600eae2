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
    /// How log lines are written
    #[arg(long, value_enum, value_name = "FORMAT", global = true, default_value_t)]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// JSON objects, one a line
    Json,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the bot
    Serve(Configured),
    /// Give the running bot a command through its local socket
    Do(Do),
    /// Check the configuration and everything that it names, before the bot is started
    Check(Check),
    /// Open a secret link without a browser: it asks for the link and its phrase, or reads them from stdin
    #[command(after_long_help = REDEEM)]
    Redeem(Redeem),
    /// Make a key that secrets are sealed with
    SealingKey {
        /// The file to write; it must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Copy the store to a file, also while the bot runs
    Backup(Backup),
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
            // The check says itself what is wrong.
            Self::Demo(Demo { script: None, .. }) | Self::Check(_) => "off",
            Self::Serve(_) => "warn,countersign=info",
            _ => "warn",
        }
    }

    /// Whether it works on several threads. One is enough for what waits most of the time, and takes less memory.
    pub fn threads(&self) -> bool {
        matches!(self, Self::Demo(_) | Self::Sandbox(_))
    }
}

/// Where the configuration is.
#[derive(Clone, Debug, clap::Args)]
pub struct Configured {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `countersign check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Ask no network and no service
    #[arg(long)]
    pub offline: bool,
    /// Print each thing that was checked as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `countersign do`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DO)]
pub struct Do {
    #[command(flatten)]
    pub(crate) way: Way,
    /// Go on printing until what the command began has ended; Ctrl-C leaves it running
    #[arg(long)]
    pub follow: bool,
    /// The command, as in chat: 'deploy prod'; without one, each line of stdin is a command
    pub line: Option<String>,
}

/// Which socket: its own path, or the configuration that says it.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Way {
    /// The configuration of the running bot, which says where its socket is
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The socket itself
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

const DO: &str = "\
You are known by your user number: the configuration says which person has the account { network = \"local\", name = \
\"1000\" }. The exit code is 0 when all was answered well, 1 when something was refused or failed, or the bot cannot be \
reached.

Others on this machine can see the arguments of a program, and a shell remembers them. No command of the bot takes a \
password or a token, so there is never a reason to write one here.";

/// `countersign redeem`.
#[derive(Clone, Debug, clap::Args)]
pub struct Redeem {
    /// Print what was in it as JSON
    #[arg(long)]
    pub json: bool,
    /// Write what was in it into this folder, each field and file for itself, instead of printing it
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    pub to: Option<PathBuf>,
    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

const REDEEM: &str = "\
The link on the first line, the phrase on the second; neither is ever an argument, which others on this machine could see.

  countersign redeem --to secrets < link-and-phrase";

/// `countersign backup`.
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(flatten)]
    pub(crate) of: Kept,
    /// The file to write; it must not exist yet
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

/// Which store: that of a configuration, or the one in a folder.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Kept {
    /// The configuration, which says where the data folder is
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The bot's data folder, or the store file itself
    #[arg(long, value_name = "DIR|FILE")]
    pub data: Option<PathBuf>,
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
    /// Start a database and its replica for a script too, with the MariaDB that is installed
    #[arg(long, requires = "script")]
    pub databases: bool,
    /// Use a sandbox that runs already instead of one of its own
    #[arg(long, value_name = "URL")]
    pub sandbox: Option<Url>,
    #[arg(long, hide = true, env = "PATH", default_value = "")]
    pub(crate) path: String,
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
    #[command(after_long_help = VERIFY)]
    Verify(Verify),
    /// Print every record as a line of JSON
    #[command(after_long_help = EXPORT)]
    Export(Kept),
    /// Sign the end of the audit as it is now, and print that; !checkpoint has it posted
    Checkpoint(Configured),
    /// Make a key that signs checkpoints
    Key {
        /// The file to write; it must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// `countersign audit verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    pub(crate) of: Kept,
    /// A checkpoint, the line as it was posted; several may be given
    #[arg(long, value_name = "LINE")]
    pub checkpoint: Vec<String>,
    /// The public key that checkpoints are signed with, as countersign audit key printed it; with --config it is known
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
}

const VERIFY: &str = "\
The chain shows every change but one: records that are missing at its end. A checkpoint that was posted in a room shows \
that too: copy its line, from \"audit checkpoint\" to the end.

  countersign audit verify --data data --key PUBLIC-KEY --checkpoint 'audit checkpoint 120 …'

Whoever can change the store can read the key that the bot signs with. What they cannot do is take back what stands in \
the room's history.";

const EXPORT: &str = "\
Each record's hash is the SHA-256 of the hash of the record before it (32 bytes; zeros before the first) followed by \
the record's seq and entry as canonical JSON (RFC 8785). To check one by hand:

  jq -r .previous record.json | xxd -r -p > bytes
  jq -cjS '{seq, entry}' record.json >> bytes
  sha256sum bytes";

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
