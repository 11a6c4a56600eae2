//! What is wrong with a configuration, for the person who wrote it.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {name} cannot be read")]
    #[diagnostic(help("give the path of a TOML file that this user may read"))]
    Read {
        /// The file.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says something that cannot be.
    #[error("the configuration {name} cannot be used{}", Lines(problems))]
    Wrong {
        /// The file.
        name: String,
        /// What is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{key}: {words}")]
pub struct Problem {
    /// The key, as `section.key`.
    pub key: String,
    /// What is wrong with it.
    pub words: String,
    /// Line and column, from 1.
    pub at: (usize, usize),
    /// What to do.
    #[help]
    pub help: String,
    #[source_code]
    pub(super) text: NamedSource<String>,
    #[label]
    pub(super) span: SourceSpan,
}

impl ConfigError {
    /// Everything that is wrong, with the lines of the file, for a terminal.
    pub fn report(&self, colours: bool) -> String {
        let theme = if colours {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        let shown: Vec<&dyn Diagnostic> = match self {
            Self::Read { .. } => vec![self],
            Self::Wrong { problems, .. } => problems
                .iter()
                .map(|problem| problem as &dyn Diagnostic)
                .collect(),
        };
        let reports = shown.into_iter().map(|diagnostic| {
            let mut report = String::new();
            match handler.render_report(&mut report, diagnostic) {
                Ok(()) => report,
                // Writing to a string cannot fail. If it did, this says the same.
                Err(fmt::Error) => diagnostic.to_string(),
            }
        });
        reports.collect::<Vec<_>>().join("\n")
    }
}

/// The problems below each other, for where there is no terminal to show the file's lines in.
struct Lines<'p>(&'p [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.0 {
            let (line, column) = problem.at;
            let name = problem.text.name();
            write!(f, "\n  {name}:{line}:{column}: {problem}; {}", problem.help)?;
        }
        Ok(())
    }
}
