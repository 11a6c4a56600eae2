//! What a script says, line by line. It knows the grammar and runs nothing.

use countersign_core::time::Duration;
use jiff::{Span, SpanRelativeTo};

use crate::place::{BOT, Where, is_person};

/// A script that was read: what happens, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub(crate) lines: Vec<ScriptLine>,
}

/// One line of a script. The bot's own lines are not kept: they are what comes out, not what goes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptLine {
    /// Counted from 1, in the text that was read.
    pub(crate) number: usize,
    /// As it was written, without the space at its ends.
    pub(crate) text: String,
    pub(crate) step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `alice #treeherder> !deploy prod`; `$last` is still in it.
    Say { who: String, place: Where, text: String },
    /// `# …`, or nothing at all.
    Comment,
    /// `~ settle`
    Settle,
    /// `~ advance 2h`
    Advance(Duration),
    /// `~ restart`
    Restart,
    /// `~ sandbox POST push`: what comes after `sandbox`.
    Sandbox(Vec<String>),
}

/// A line that a script cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} ({text}): {problem}; write it like: {example}")]
pub struct ScriptError {
    /// Which line, counted from 1.
    pub number: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
    /// A line that would do.
    pub example: &'static str,
}

const SAID: &str = "alice #treeherder> !deploy prod";
const STEPS: &str = "~ settle, ~ advance 2h, ~ restart, ~ sandbox POST push";

impl Script {
    /// Reads a script. A transcript is one, too.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let text = line.trim();
            if is_output(text) {
                continue;
            }
            let step = step(text).map_err(|(problem, example)| ScriptError {
                number: index + 1,
                text: text.to_owned(),
                problem,
                example,
            })?;
            lines.push(ScriptLine {
                number: index + 1,
                text: text.to_owned(),
                step,
            });
        }
        Ok(Self { lines })
    }
}

/// What the bot said when the script ran before.
fn is_output(line: &str) -> bool {
    line.split_whitespace().next() == Some(BOT)
}

/// What is wrong, and how to write it.
type Problem = (String, &'static str);

fn step(line: &str) -> Result<Step, Problem> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(Step::Comment);
    }
    match line.strip_prefix('~') {
        Some(control) => control_step(control),
        None => said(line),
    }
}

fn control_step(text: &str) -> Result<Step, Problem> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["settle"] => Ok(Step::Settle),
        ["restart"] => Ok(Step::Restart),
        ["advance", span @ ..] => advance(&span.join(" ")),
        ["sandbox", words @ ..] if !words.is_empty() => Ok(Step::Sandbox(
            words.iter().map(|word| (*word).to_owned()).collect(),
        )),
        _ => Err(("there is no such step".to_owned(), STEPS)),
    }
}

/// Time only goes forward.
fn advance(text: &str) -> Result<Step, Problem> {
    let span = text
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        .and_then(|span| Duration::try_from(span).ok())
        .filter(|span| !span.is_zero());
    match span {
        Some(span) => Ok(Step::Advance(span)),
        None => Err((format!("\"{text}\" is no span of time"), "~ advance 1h 30min")),
    }
}

fn said(line: &str) -> Result<Step, Problem> {
    let wrong = |problem: &str| (problem.to_owned(), SAID);
    let (speaker, text) = line
        .split_once('>')
        .ok_or_else(|| wrong("it does not say who speaks where"))?;
    let words: Vec<&str> = speaker.split_whitespace().collect();
    let &[who, place] = words.as_slice() else {
        return Err(wrong("before the > stand one name and one place"));
    };
    if !is_person(who) {
        return Err((format!("nobody can be called {who}"), SAID));
    }
    let place = Where::parse(place).ok_or_else(|| {
        (
            format!("{place} is no place: it is #room, or @{BOT} for a DM"),
            SAID,
        )
    })?;
    let text = text.trim();
    if text.is_empty() {
        return Err((format!("{who} says nothing"), SAID));
    }
    Ok(Step::Say {
        who: who.to_owned(),
        place,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        let script = Script::parse(text).unwrap();
        script.lines.into_iter().map(|line| line.step).collect()
    }

    fn say(who: &str, place: Where, text: &str) -> Step {
        Step::Say {
            who: who.into(),
            place,
            text: text.into(),
        }
    }

    #[test]
    fn a_script_is_read_line_by_line() {
        let text = "# a story\n\nalice #treeherder> !rollback prod --reason \"a > b\"\n  bob @bot>  !approve $last \n\
                    ~ settle\n~restart\n~ sandbox POST push\n";
        assert_eq!(
            steps(text),
            [
                Step::Comment,
                Step::Comment,
                say(
                    "alice",
                    Where::Room("#treeherder".into()),
                    "!rollback prod --reason \"a > b\""
                ),
                say("bob", Where::Direct, "!approve $last"),
                Step::Settle,
                Step::Restart,
                Step::Sandbox(vec!["POST".into(), "push".into()]),
            ]
        );
    }

    #[test]
    fn what_the_bot_said_before_is_not_read_again() {
        assert_eq!(
            steps("bot #ops> alice: done\nbot @alice>\nbot\nbotanist #ops> hello\n"),
            [say("botanist", Where::Room("#ops".into()), "hello")]
        );
    }

    #[test]
    fn spans_of_time_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("2h", 7_200),
            ("30 min", 1_800),
            ("1h 30min", 5_400),
            ("90 s", 90),
            ("3d", 259_200),
            ("1 d 2 h", 93_600),
        ] {
            assert_eq!(
                steps(&format!("~ advance {text}")),
                [Step::Advance(Duration::from_secs(seconds))],
                "{text}"
            );
        }
        for text in ["", "soon", "-2h", "0s", "1 month", "2h ago"] {
            assert!(Script::parse(&format!("~ advance {text}")).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_with_what_would_do() {
        let error = |text: &str| Script::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("# a story\nalice treeherder> !deploy prod"),
            "line 2 (alice treeherder> !deploy prod): treeherder is no place: it is #room, or @bot for a DM; \
             write it like: alice #treeherder> !deploy prod"
        );
        assert_eq!(
            error("~ wait 2h"),
            "line 1 (~ wait 2h): there is no such step; write it like: \
             ~ settle, ~ advance 2h, ~ restart, ~ sandbox POST push"
        );
        for (text, problem) in [
            ("!deploy prod", "it does not say who speaks where"),
            ("alice> !deploy prod", "before the > stand one name and one place"),
            ("alice @bob> hi", "@bob is no place"),
            ("#ops alice> hi", ""),
            ("al#ice #ops> hi", "nobody can be called al#ice"),
            ("alice #ops>  ", "alice says nothing"),
            ("~ sandbox", "there is no such step"),
        ] {
            match Script::parse(text) {
                Err(error) => assert!(error.problem.contains(problem), "{error}"),
                Ok(script) => assert_eq!(script.lines[0].step, Step::Comment, "{text}"),
            }
        }
    }
}
