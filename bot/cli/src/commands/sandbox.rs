//! `countersign sandbox`: the pretend Heroku and GitHub alone, for other programs.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use countersign_sandbox::Tokens;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Sandbox;
use crate::clock::SpeedClock;

pub(super) async fn run(args: &Sandbox) -> anyhow::Result<()> {
    let tokens = Tokens::default();
    let clock = Arc::new(SpeedClock::starting_now(args.speed));
    let sandbox = countersign_sandbox::Sandbox::start(args.listen, clock, tokens.clone()).await?;
    // Whoever has read where it is may end it at once.
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let (heroku, github) = (sandbox.heroku_url(), sandbox.github_url());
    writeln!(
        io::stdout(),
        "sandbox: {speed} times as fast as real time; Ctrl-C ends it and forgets everything\n\
         Heroku   {heroku}   token {heroku_token}\n\
         GitHub   {github}   token {github_token}\n\
         Control  {heroku}/sandbox\n\
         \n\
         The Heroku CLI, with a home of its own because it writes into it:\n\
         \x20 HOME=$(mktemp -d) DISABLE_TELEMETRY=true HEROKU_HOST={heroku} HEROKU_PARTICLEBOARD_URL={heroku} \\\n\
         \x20   HEROKU_API_KEY={heroku_token} heroku releases --app treeherder-prod\n\
         The demo:\n\
         \x20 countersign demo --sandbox {heroku}",
        speed = args.speed,
        heroku_token = tokens.heroku,
        github_token = tokens.github,
    )?;
    interrupt.recv().await;
    sandbox.stop().await;
    Ok(())
}
