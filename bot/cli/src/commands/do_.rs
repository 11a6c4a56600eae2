//! `countersign do`: a command to the bot that runs here, through its local socket.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::pin;

use anyhow::bail;
use countersign_core::reply::{Tone, Urgency};
use countersign_local::Tell;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::args::{Do, Way};
use crate::config::Places;
use crate::local::{Client, Unreachable};
use crate::random::SystemRandom;

pub(super) async fn run(args: &Do) -> anyhow::Result<()> {
    let mut session = Session {
        client: Client::connect(&socket(&args.way)?).await?,
        follow: args.follow,
    };
    let mut bad = 0_usize;
    if let Some(line) = &args.line {
        bad += usize::from(session.carry_out(line).await? == Outcome::Bad);
    } else {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            if !line.trim().is_empty() {
                bad += usize::from(session.carry_out(&line).await? == Outcome::Bad);
            }
        }
    }
    match (bad, &args.line) {
        (0, _) => Ok(()),
        // What was wrong with it, the bot has said.
        (_, Some(_)) => Err(Refused.into()),
        (bad, None) => bail!("{bad} of the commands went badly"),
    }
}

fn socket(way: &Way) -> anyhow::Result<PathBuf> {
    match (&way.socket, &way.config) {
        (Some(socket), _) => Ok(socket.clone()),
        (None, Some(config)) => Ok(Places::read(config)?.socket),
        (None, None) => bail!("give --config or --socket"),
    }
}

/// The bot answered, and not well; it has said so itself.
#[derive(Debug, thiserror::Error)]
#[error("the bot refused, or what it did went badly")]
pub struct Refused;

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
}

/// Whether anything more is to be heard of a command.
enum Heard {
    More,
    Over(Outcome),
}

struct Session {
    client: Client,
    follow: bool,
}

/// What was heard of a command so far.
struct Course {
    id: String,
    follow: bool,
    outcome: Outcome,
    /// How what it began has ended, if that was said before the answer was over.
    ended: Option<Outcome>,
    /// The bot has answered, and what it began goes on.
    going_on: bool,
}

impl Session {
    async fn carry_out(&mut self, line: &str) -> anyhow::Result<Outcome> {
        let mut course = Course {
            id: self.client.say(line, &SystemRandom).await?,
            follow: self.follow,
            outcome: Outcome::Good,
            ended: None,
            going_on: false,
        };
        let mut interrupt = pin!(tokio::signal::ctrl_c());
        loop {
            let tell = tokio::select! {
                tell = self.client.next() => match tell {
                    Err(Unreachable::Gone) if course.going_on => bail!(
                        "the bot went away; what was begun goes on when it is back: countersign do ops and pending say how \
                         far it is"
                    ),
                    tell => tell?,
                },
                _ = &mut interrupt => return course.left(),
            };
            if let Heard::Over(outcome) = course.hear(tell)? {
                return Ok(outcome);
            }
        }
    }
}

impl Course {
    fn hear(&mut self, tell: Tell) -> anyhow::Result<Heard> {
        match tell {
            Tell::Said {
                said,
                tone,
                urgency,
                about,
            } => {
                let is_ours = about.as_ref() == Some(&self.id);
                print(&said, is_ours)?;
                if is_ours {
                    self.told(tone, urgency);
                }
                Ok(Heard::More)
            }
            Tell::Answered { answered, goes_on } if answered == self.id => {
                self.going_on = self.follow && goes_on;
                Ok(if self.going_on {
                    Heard::More
                } else {
                    Heard::Over(self.ended.unwrap_or(self.outcome))
                })
            }
            Tell::Ended { ended, good } if ended == self.id && self.going_on => {
                if self.ended.is_none() {
                    // Whoever ended it was told how, and that was not this client.
                    writeln!(io::stderr(), "it is over; countersign do audit says how")?;
                }
                let outcome = if good { Outcome::Good } else { Outcome::Bad };
                Ok(Heard::Over(outcome))
            }
            Tell::Answered { .. } | Tell::Ended { .. } => Ok(Heard::More),
            Tell::Wrong { wrong } => bail!("the bot did not take it: {wrong}"),
        }
    }

    /// The bot said something about the command: an answer, how far it is, or how it ended.
    fn told(&mut self, tone: Tone, urgency: Urgency) {
        match (tone, urgency) {
            (Tone::Bad, Urgency::Result) => self.ended = Some(Outcome::Bad),
            (Tone::Good, Urgency::Result) => self.ended = Some(Outcome::Good),
            (Tone::Bad, _) => self.outcome = Outcome::Bad,
            (Tone::Neutral | Tone::Good | Tone::Waiting, _) => {}
        }
    }

    /// Whoever has enough of waiting leaves; what was begun goes on.
    fn left(&self) -> anyhow::Result<Outcome> {
        if !self.going_on {
            bail!(
                "the bot had not answered yet; countersign do ops and pending say whether anything was begun"
            );
        }
        writeln!(
            io::stderr(),
            "left; it goes on, and countersign do ops and pending say how far it is"
        )?;
        Ok(Outcome::Good)
    }
}

/// What concerns the command is what was asked for; other news to this user are not.
fn print(lines: &[String], is_ours: bool) -> io::Result<()> {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    if is_ours {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    } else {
        io::stderr().lock().write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(follow: bool) -> Course {
        Course {
            id: "7".to_owned(),
            follow,
            outcome: Outcome::Good,
            ended: None,
            going_on: false,
        }
    }

    fn said(tone: Tone, urgency: Urgency, about: Option<&str>) -> Tell {
        Tell::Said {
            said: Vec::new(),
            tone,
            urgency,
            about: about.map(str::to_owned),
        }
    }

    fn answered(goes_on: bool) -> Tell {
        Tell::Answered {
            answered: "7".to_owned(),
            goes_on,
        }
    }

    /// How it is over, and after which of what is told.
    fn over(mut course: Course, tells: Vec<Tell>) -> Option<(usize, Outcome)> {
        tells
            .into_iter()
            .enumerate()
            .find_map(|(n, tell)| match course.hear(tell).unwrap() {
                Heard::More => None,
                Heard::Over(outcome) => Some((n, outcome)),
            })
    }

    #[test]
    fn an_answer_ends_it_and_a_refusal_is_bad() {
        for (tone, outcome) in [
            (Tone::Neutral, Outcome::Good),
            (Tone::Good, Outcome::Good),
            (Tone::Waiting, Outcome::Good),
            (Tone::Bad, Outcome::Bad),
        ] {
            let tells = vec![said(tone, Urgency::Normal, Some("7")), answered(true)];
            assert_eq!(over(course(false), tells), Some((1, outcome)), "{tone:?}");
        }
    }

    fn ended(id: &str, good: bool) -> Tell {
        Tell::Ended {
            ended: id.to_owned(),
            good,
        }
    }

    #[test]
    fn following_goes_on_until_what_was_begun_is_over() {
        let tells = |good| {
            vec![
                said(Tone::Waiting, Urgency::Result, Some("7")),
                answered(true),
                said(Tone::Good, Urgency::Chatter, Some("7")),
                said(Tone::Bad, Urgency::Result, Some("another")),
                ended("another", false),
                said(Tone::Good, Urgency::Result, Some("7")),
                ended("7", good),
            ]
        };
        assert_eq!(over(course(true), tells(true)), Some((6, Outcome::Good)));
        assert_eq!(over(course(true), tells(false)), Some((6, Outcome::Bad)));
        assert_eq!(
            over(course(false), tells(false)),
            Some((1, Outcome::Good)),
            "it does not follow"
        );
    }

    #[test]
    fn following_what_is_over_already_does_not_wait() {
        let nothing_began = vec![said(Tone::Neutral, Urgency::Normal, Some("7")), answered(false)];
        assert_eq!(over(course(true), nothing_began), Some((1, Outcome::Good)));
        let quick = vec![said(Tone::Bad, Urgency::Result, Some("7")), answered(false)];
        assert_eq!(over(course(true), quick), Some((1, Outcome::Bad)));
    }
}
