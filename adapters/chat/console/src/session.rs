//! Somebody at the terminal, or a pipe: typed lines become messages until they leave.

use std::io::{self, BufRead, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::message::Message;
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};
use tokio::sync::{mpsc, oneshot};

use crate::console::Console;
use crate::helper::Words;
use crate::output::Turn;
use crate::place::{is_person, is_room};
use crate::render::{Look, prompt};
use crate::seat::{Seat, Typed};

/// Who sits at the terminal when it opens, and what Tab and `/help` know.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who speaks first.
    pub who: String,
    /// The room they are in: `#treeherder`.
    pub room: String,
    /// Everybody that the bot knows, by the names of their accounts on this network.
    pub people: Vec<String>,
    /// The rooms that there are; others can be entered as well.
    pub rooms: Vec<String>,
    /// What Tab completes at the beginning of a line, as it is typed: `!deploy`.
    pub commands: Vec<String>,
    /// Where typed lines are kept for the next time; without it they are forgotten.
    pub history: Option<PathBuf>,
}

/// Why a session could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Nobody can be called that.
    #[error("nobody can be called \"{0}\": give one word without #, @ and >, and not bot")]
    Name(String),
    /// No room can be called that.
    #[error("no room can be called \"{0}\": give one word that begins with #")]
    Room(String),
    /// The terminal or the pipe broke.
    #[error("the terminal cannot be used any more")]
    Terminal(#[source] io::Error),
    /// The line editor gave up.
    #[error("the line editor failed; TERM=dumb does without it")]
    Editor(#[source] ReadlineError),
}

impl Session {
    /// Hands over everything that is said, until the person leaves or the input ends. The sender is dropped then; what
    /// the bot says after that is printed as well, and [`Console::flush`] waits for it.
    ///
    /// Lines are edited if standard input and output are both terminals that can do that, else they are read plainly
    /// and echoed, so that the output is a transcript. Lines are read on a thread that cannot be stopped while it
    /// waits for a key: dropping the future leaves it to the end of the process.
    pub async fn run(self, console: Arc<Console>, heard: mpsc::Sender<Message>) -> Result<(), SessionError> {
        if !is_person(&self.who) {
            return Err(SessionError::Name(self.who));
        }
        if !is_room(&self.room) {
            return Err(SessionError::Room(self.room));
        }
        let (ended, end) = oneshot::channel();
        std::thread::spawn(move || {
            let outcome = self.read(&console, &heard);
            drop((console, heard));
            if ended.send(outcome).is_err() {
                tracing::debug!("nobody waits any more for the session to end");
            }
        });
        end.await
            .unwrap_or_else(|_| Err(SessionError::Terminal(io::ErrorKind::BrokenPipe.into())))
    }

    fn read(self, console: &Console, heard: &mpsc::Sender<Message>) -> Result<(), SessionError> {
        let mut seat = Seat::new(
            self.who.clone(),
            self.room.clone(),
            self.people.clone(),
            self.rooms.clone(),
        );
        console.look_at(&seat.who, &seat.place);
        let turn = console.output().turn().filter(|_| io::stdin().is_terminal());
        let editor = turn.and_then(|turn| match self.editor(console, &seat, turn) {
            Ok(editor) => Some((editor, turn)),
            Err(error) => {
                tracing::warn!(%error, "lines cannot be edited on this terminal");
                None
            }
        });
        let Some((mut editor, turn)) = editor else {
            return read_plainly(&mut seat, console, heard, io::stdin().lock());
        };
        let outcome = edit(&mut seat, console, heard, &mut editor, turn);
        turn.over();
        self.remember(&mut editor);
        outcome
    }

    fn editor(
        &self,
        console: &Console,
        seat: &Seat,
        turn: &Arc<Turn>,
    ) -> rustyline::Result<Editor<Words, DefaultHistory>> {
        let colours = match console.output().look {
            Look::Coloured => ColorMode::Enabled,
            Look::Lines | Look::Monochrome => ColorMode::Disabled,
        };
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(colours)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_auto_add_history(true);
        editor.set_helper(Some(Words {
            people: self.people.clone(),
            rooms: seat.rooms.clone(),
            commands: self.commands.clone(),
            turn: Arc::clone(turn),
        }));
        if let Some(path) = self.history.as_ref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            tracing::warn!(%error, path = %path.display(), "the history cannot be read");
        }
        let printer = editor.create_external_printer()?;
        console.output().print_through(Box::new(printer))?;
        Ok(editor)
    }

    fn remember(&self, editor: &mut Editor<Words, DefaultHistory>) {
        if let Some(path) = &self.history
            && let Err(error) = editor.append_history(path)
        {
            tracing::warn!(%error, path = %path.display(), "the history cannot be written");
        }
    }
}

/// Reads with the line editor. Ctrl-C clears the line, twice in a row leaves.
fn edit(
    seat: &mut Seat,
    console: &Console,
    heard: &mpsc::Sender<Message>,
    editor: &mut Editor<Words, DefaultHistory>,
    turn: &Turn,
) -> Result<(), SessionError> {
    let mut interrupted = false;
    loop {
        turn.between();
        let line = editor.readline(&prompt(&seat.who, &seat.place, console.output().look));
        turn.between();
        match line {
            Ok(line) => {
                interrupted = false;
                // What was pasted may have several.
                for line in line.lines() {
                    if !hear(seat, console, heard, line, Echo::Typed)? {
                        return Ok(());
                    }
                }
                if let Some(words) = editor.helper_mut() {
                    words.rooms.clone_from(&seat.rooms);
                }
            }
            Err(ReadlineError::Interrupted) if !interrupted => {
                interrupted = true;
                console
                    .answer(&["Ctrl-C again, Ctrl-D or /quit leaves".to_owned()])
                    .map_err(SessionError::Terminal)?;
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(()),
            Err(ReadlineError::Io(error)) => return Err(SessionError::Terminal(error)),
            Err(error) => return Err(SessionError::Editor(error)),
        }
    }
}

/// Reads from a pipe, or from a terminal that can do nothing else.
fn read_plainly(
    seat: &mut Seat,
    console: &Console,
    heard: &mpsc::Sender<Message>,
    input: impl BufRead,
) -> Result<(), SessionError> {
    for line in input.lines() {
        let line = line.map_err(SessionError::Terminal)?;
        if !hear(seat, console, heard, &line, Echo::Needed)? {
            break;
        }
    }
    Ok(())
}

/// Whether a line is on the screen because it was typed there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    Typed,
    Needed,
}

/// Takes one line; says whether to go on.
fn hear(
    seat: &mut Seat,
    console: &Console,
    heard: &mpsc::Sender<Message>,
    line: &str,
    echo: Echo,
) -> Result<bool, SessionError> {
    match seat.typed(line) {
        Typed::Leave => return Ok(false),
        Typed::Done(told) => {
            console.look_at(&seat.who, &seat.place);
            match echo {
                Echo::Typed => console.answer(&told),
                Echo::Needed => console.note(&told),
            }
            .map_err(SessionError::Terminal)?;
        }
        Typed::Said(text) => {
            if echo == Echo::Needed {
                console
                    .echo(&seat.who, &seat.place, &text)
                    .map_err(SessionError::Terminal)?;
            }
            let message = console.message(&seat.who, &seat.place, &text);
            // The bot is gone: nobody is left to speak to.
            return Ok(heard.blocking_send(message).is_ok());
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Output;
    use crate::transcript::Transcript;
    use countersign_core::time::{ManualClock, from_millis};

    #[test]
    fn a_pipe_is_read_to_its_end_and_its_output_is_a_script() {
        let transcript = Transcript::new();
        let clock = Arc::new(ManualClock::new(from_millis(0)));
        let output = Output::stream(transcript.clone());
        let console = Console::new("console".into(), 1, clock, output);
        let (heard, mut messages) = mpsc::channel(8);
        let mut seat = Seat::new("alice".into(), "#treeherder".into(), vec![], vec![]);
        let input = "!deploy prod\n\n/as bob\r\n/dm\n!approve R-4QX\n/quit\nnever read\n";
        read_plainly(&mut seat, &console, &heard, input.as_bytes()).unwrap();
        drop(heard);
        let said: Vec<_> = std::iter::from_fn(|| messages.blocking_recv())
            .map(|message| format!("{} {}: {}", message.id, message.sender.nick, message.text))
            .collect();
        assert_eq!(said, ["c1 alice: !deploy prod", "c2 bob: !approve R-4QX"]);
        assert_eq!(
            transcript.text(),
            "alice #treeherder> !deploy prod\n# you are bob in #treeherder\n\
             # you are bob, alone with the bot; /in goes back to #treeherder\nbob @bot> !approve R-4QX\n"
        );
    }
}
