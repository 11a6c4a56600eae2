//! Where the console writes: a stream, which gets one line after the other, or a terminal, on which somebody may be
//! typing at the same time.
//!
//! A terminal has one thread that prints. While a line is edited it prints through the editor, which puts the text
//! above the prompt; between two lines it waits, because a text that comes while the prompt is being drawn would land
//! in it. So the order of posts is the order of the queue, and nobody who sends waits for a person. (What the editor has
//! taken over but not yet shown when somebody leaves in that moment is gone: it does not say whether it has shown it.)

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use countersign_core::id::PostId;
use rustyline::ExternalPrinter;
use tokio::sync::oneshot;

use crate::render::{Look, Painted};
use crate::screen::{Screen, Size};

/// Where the console writes.
#[derive(Debug)]
pub struct Output {
    pub(crate) look: Look,
    sink: Sink,
}

enum Sink {
    Stream(Mutex<Box<dyn Write + Send>>),
    Terminal { queue: Sender<Item>, turn: Arc<Turn> },
}

/// What the printing thread does, in order.
enum Item {
    Print {
        lines: Vec<Painted>,
        id: Option<PostId>,
        replaces: Option<PostId>,
    },
    Editor(Box<dyn ExternalPrinter + Send>),
    Flush(oneshot::Sender<()>),
}

impl Output {
    /// The standard output: a terminal if it is one and `look` uses it as one, else a stream.
    pub fn stdout(look: Look) -> Self {
        if look == Look::Lines || !io::stdout().is_terminal() {
            return Self::stream(io::stdout());
        }
        let (queue, items) = channel();
        let turn = Arc::new(Turn::default());
        let printing = Arc::clone(&turn);
        std::thread::spawn(move || {
            if let Err(error) = print(&items, &printing) {
                tracing::warn!(%error, "the terminal cannot be written to");
            }
        });
        Self {
            look,
            sink: Sink::Terminal { queue, turn },
        }
    }

    /// Anything that is written to: a line for each line, no colours, nothing taken back.
    pub fn stream(writer: impl Write + Send + 'static) -> Self {
        Self {
            look: Look::Lines,
            sink: Sink::Stream(Mutex::new(Box::new(writer))),
        }
    }

    /// Whether what was printed can be changed.
    pub(crate) fn edits(&self) -> bool {
        matches!(self.sink, Sink::Terminal { .. })
    }

    /// Whether somebody is typing, or will be.
    pub(crate) fn turn(&self) -> Option<&Arc<Turn>> {
        match &self.sink {
            Sink::Stream(_) => None,
            Sink::Terminal { turn, .. } => Some(turn),
        }
    }

    /// Prints lines, over the post that they replace if that can be done. No lines are no post.
    pub(crate) fn print(
        &self,
        lines: Vec<Painted>,
        id: Option<PostId>,
        replaces: Option<PostId>,
    ) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        match &self.sink {
            Sink::Stream(stream) => {
                let mut stream = locked(stream);
                stream.write_all(joined(&lines).as_bytes())?;
                stream.flush()
            }
            Sink::Terminal { queue, .. } => queue
                .send(Item::Print { lines, id, replaces })
                .map_err(|_| gone()),
        }
    }

    /// Prints lines before everything that is queued: for whoever holds the terminal between two lines that are
    /// edited.
    pub(crate) fn print_first(&self, lines: Vec<Painted>) -> io::Result<()> {
        match &self.sink {
            Sink::Stream(_) => self.print(lines, None, None),
            Sink::Terminal { .. } => write(&joined(&lines)),
        }
    }

    /// From now on the terminal belongs to this editor, whenever it is its turn.
    pub(crate) fn print_through(&self, editor: Box<dyn ExternalPrinter + Send>) -> io::Result<()> {
        match &self.sink {
            Sink::Stream(_) => Ok(()),
            Sink::Terminal { queue, .. } => queue.send(Item::Editor(editor)).map_err(|_| gone()),
        }
    }

    /// Waits until everything that was printed is out.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        match &self.sink {
            Sink::Stream(_) => Ok(()),
            Sink::Terminal { queue, .. } => {
                let (done, out) = oneshot::channel();
                queue.send(Item::Flush(done)).map_err(|_| gone())?;
                out.await.map_err(|_| gone())
            }
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Stream",
            Self::Terminal { .. } => "Terminal",
        })
    }
}

fn joined(lines: &[Painted]) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the terminal was closed")
}

/// The printing thread. It ends with the last sender.
fn print(items: &Receiver<Item>, turn: &Turn) -> io::Result<()> {
    let mut screen = Screen::default();
    let mut editor: Option<Box<dyn ExternalPrinter + Send>> = None;
    let mut lines_seen = 0;
    for item in items {
        match item {
            Item::Editor(printer) => editor = Some(printer),
            Item::Flush(done) => {
                if done.send(()).is_err() {
                    tracing::debug!("nobody waits any more for what was printed");
                }
            }
            Item::Print { lines, id, replaces } => {
                let (editing, lines_entered) = turn.wait();
                if lines_entered != lines_seen {
                    lines_seen = lines_entered;
                    screen.forget();
                }
                let bytes = screen.print(&lines, id.as_ref(), replaces.as_ref(), size());
                let through = editor.as_mut().filter(|_| editing);
                // An editor that was closed in this very moment takes nothing any more.
                if through.is_none_or(|editor| editor.print(bytes.clone()).is_err()) {
                    write(&bytes)?;
                }
            }
        }
    }
    Ok(())
}

fn write(bytes: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes.as_bytes())?;
    stdout.flush()
}

fn size() -> Option<Size> {
    let (columns, rows) = terminal_size::terminal_size_of(io::stdout())?;
    Some(Size {
        columns: usize::from(columns.0),
        rows: usize::from(rows.0),
    })
}

/// Whose turn it is on the terminal.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    holder: Holder,
    lines_entered: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Holder {
    /// Nobody edits: print at once.
    #[default]
    Nobody,
    /// A line is being edited: print through the editor.
    Editor,
    /// The prompt is coming or going: wait.
    Between,
}

impl Turn {
    /// A line is being edited.
    pub(crate) fn editing(&self) {
        self.set(|state| state.holder = Holder::Editor);
    }

    /// A line was entered, or the first is about to be.
    pub(crate) fn between(&self) {
        self.set(|state| {
            state.holder = Holder::Between;
            state.lines_entered += 1;
        });
    }

    /// No line will be edited any more.
    pub(crate) fn over(&self) {
        self.set(|state| state.holder = Holder::Nobody);
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut locked(&self.state));
        self.changed.notify_all();
    }

    /// Waits until something can be printed; says whether a line is being edited, and how many were before.
    fn wait(&self) -> (bool, u64) {
        let state = self
            .changed
            .wait_while(locked(&self.state), |state| state.holder == Holder::Between)
            .unwrap_or_else(PoisonError::into_inner);
        (state.holder == Holder::Editor, state.lines_entered)
    }
}

pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
