//! The demo for somebody at the terminal, or for a pipe.

use std::sync::Arc;

use countersign_console::Session;
use countersign_core::bot::Bot;
use countersign_core::store::{OperationsWhere, Store as _};
use countersign_core::text::span;
use countersign_core::time::Duration;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

use super::databases::GET_ONE;
use super::house::House;

/// What somebody reads who has never seen the bot.
fn welcome(speed: f64, links_valid: Duration, databases: bool) -> [String; 6] {
    let open = Duration::from_secs(links_valid.div_f64(speed).as_secs());
    [
        format!(
            "countersign, demo: three apps on a sandbox of their own. Time runs {speed} times as fast as in real life: a link \
             valid {} is open for {}.",
            span(links_valid),
            span(open)
        ),
        "You are alice, a deployer, in #treeherder. Type !help, !deployed, !deploy prod, !rollback prod.".to_owned(),
        "A secret comes as a link, which a browser on this machine opens: !config get prod DATABASE_URL.".to_owned(),
        if databases {
            "A database and its replica are there: !db list, !db access grant carol --for carol, !db access refresh."
                .to_owned()
        } else {
            format!("There is no database: {GET_ONE} and start the demo again, then there is !db.")
        },
        "Rollbacks and secrets need another person's signature: /as bob, then !approve with the id that the bot gives."
            .to_owned(),
        "/help shows what the terminal can do, /quit leaves.".to_owned(),
    ]
}

/// Runs until the person leaves.
pub(super) async fn run(house: House) -> anyhow::Result<()> {
    let console = house.console();
    let links_valid = house.config.secrets.as_ref().map(|secrets| secrets.links_valid);
    console.note(welcome(
        house.pace.speed(),
        links_valid.unwrap_or_default(),
        house.has_databases(),
    ))?;
    let (bot, store) = house.start_bot().await?;
    let bot = Arc::new(bot);
    let web = house.open_web(&bot).await?;
    let session = session(&house, &bot);
    let (heard, messages) = mpsc::channel(64);
    let (stop, stopped) = oneshot::channel::<()>();
    let pace = house.pace.clone();
    let worker = bot.worker().run(
        move |at| {
            let pace = pace.clone();
            async move { pace.reach(at).await }
        },
        async { drop(stopped.await) },
    );
    let typing = async {
        let typed = tokio::join!(session.run(Arc::clone(&console), heard), listen(&bot, messages));
        // The worker may be gone already if the store is.
        stop.send(()).ok();
        typed.0
    };
    let ((), typed) = tokio::join!(worker, typing);
    for operation in store.operations(OperationsWhere::Open).await? {
        console.note([format!(
            "op {} was still under way: {}",
            operation.id, operation.plan.summary
        )])?;
    }
    console.flush().await?;
    if let Some(web) = web {
        web.close().await;
    }
    store.close().await;
    house.close().await;
    Ok(typed?)
}

/// Hears messages as they come. A slow answer does not hold up the next.
async fn listen(bot: &Bot, mut messages: mpsc::Receiver<countersign_core::message::Message>) {
    let mut hearing = FuturesUnordered::new();
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                Some(message) => hearing.push(async move { bot.hear(&message).await }),
                None => break,
            },
            Some(()) = hearing.next(), if !hearing.is_empty() => {}
        }
    }
    while hearing.next().await.is_some() {}
}

fn session(house: &House, bot: &Bot) -> Session {
    let settings = house.config.settings();
    let people: Vec<String> = settings
        .directory
        .people()
        .iter()
        .map(|person| person.id.to_string())
        .collect();
    let rooms = settings
        .targets
        .values()
        .flat_map(|target| &target.rooms)
        .map(|room| room.name.to_string());
    let mut rooms: Vec<String> = rooms.collect();
    rooms.sort();
    rooms.dedup();
    let prefix = &house.config.bot.prefix;
    let commands = bot
        .registry()
        .iter()
        .map(|command| format!("{prefix}{}", command.spec().name))
        .collect();
    Session {
        who: "alice".to_owned(),
        room: rooms.first().cloned().unwrap_or_else(|| "#treeherder".to_owned()),
        people,
        rooms,
        commands,
        history: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_is_a_screenful_and_says_how_long_a_link_is_open() {
        let lines = welcome(20.0, Duration::from_hours(1), true);
        assert!(
            lines[0].contains("20 times as fast as in real life: a link valid 1 h is open for 3 min."),
            "{}",
            lines[0]
        );
        let commands = [
            "!deploy prod",
            "!rollback prod",
            "!config get prod DATABASE_URL",
            "!approve",
            "!db list",
            "!db access grant carol --for carol",
        ];
        for command in commands {
            assert!(lines.iter().any(|line| line.contains(command)), "{command}");
        }
        let without = welcome(20.0, Duration::from_hours(1), false);
        assert!(
            without
                .iter()
                .any(|line| line.contains("apt install mariadb-server"))
        );
        assert!(
            lines.iter().chain(&without).all(|line| line.len() < 150),
            "two lines of a terminal each"
        );
    }
}
