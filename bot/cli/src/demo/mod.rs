//! `countersign demo`: the whole bot in a terminal, with people to play and a world to deploy to, and no account
//! anywhere. The commands, the provider clients and the store are the real ones.

mod databases;
mod house;
mod live;
mod pace;
mod stage;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use countersign_console::{Output, Script, Transcript, run_script};
use countersign_core::secret::Scrubber;
use countersign_sandbox::Call;

use crate::args::Demo;

use self::house::{House, Kind};

/// Runs the demo: a script if one is given, else whoever sits at the terminal.
pub async fn run(args: Demo, scrubber: Arc<Scrubber>) -> anyhow::Result<()> {
    let Some(path) = &args.script else {
        return live::run(House::open(&args, Kind::Live, Output::stdout(args.look()), scrubber).await?).await;
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the script {} cannot be read", path.display()))?;
    let script = Script::parse(&text)?;
    play(
        &script,
        House::open(&args, Kind::Script, Output::stream(std::io::stdout()), scrubber).await?,
    )
    .await?;
    Ok(())
}

/// What came of a script.
#[derive(Debug)]
pub struct Played {
    /// All that was said, which is a script again.
    pub text: String,
    /// What the sandbox was asked to change.
    pub calls: Vec<Call>,
}

/// Plays a script on a store in this folder, with a sandbox of its own and a clock that leaps. The same script gives
/// the same transcript.
pub async fn transcript(script: &str, data: &Path) -> anyhow::Result<Played> {
    let transcript = Transcript::new();
    let script = Script::parse(script)?;
    let args = Demo {
        data: Some(data.to_owned()),
        ..Demo::default()
    };
    let calls = play(
        &script,
        House::open(
            &args,
            Kind::Story,
            Output::stream(transcript.clone()),
            Arc::default(),
        )
        .await?,
    )
    .await?;
    Ok(Played {
        text: transcript.text(),
        calls,
    })
}

async fn play(script: &Script, house: House) -> anyhow::Result<Vec<Call>> {
    let console = house.console();
    let mut stage = stage::Performance::begin(house).await?;
    let played = run_script(script, &console, &mut stage).await;
    let calls = stage.end().await?;
    played?;
    Ok(calls)
}
