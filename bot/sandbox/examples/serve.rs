//! Serves the sandbox on the wall clock, to try it with `curl` or with the official CLI:
//! `cargo run -p countersign-sandbox --example serve -- 127.0.0.1:15100`.

use std::error::Error;
use std::sync::Arc;

use countersign_sandbox::{Sandbox, Time, Tokens};
use jiff::Timestamp;

struct WallClock;

impl Time for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place where the time comes from"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever tries it needs the addresses")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let tokens = Tokens::default();
    println!("tokens: {} {}", tokens.heroku, tokens.github);
    let sandbox = Sandbox::start(listen.parse()?, Arc::new(WallClock), tokens).await?;
    println!(
        "Heroku: {}\nGitHub: {}",
        sandbox.heroku_url(),
        sandbox.github_url()
    );
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
