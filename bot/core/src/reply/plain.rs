//! Replies as plain lines: what IRC and a terminal show. Every line stands alone, because on a busy channel
//! others talk in between.

use secrecy::ExposeSecret as _;

use super::{Block, Line, Post, Reply, Span};
use crate::text::{span, visible};

const BAR: usize = 10;

/// The lines of a post. None contains a line break or another control character.
pub fn plain(post: &Post) -> Vec<String> {
    let mut lines = reply_lines(&post.reply);
    if let (Some(to), Some(first)) = (&post.to, lines.first_mut()) {
        *first = format!("{}: {first}", visible(&to.name));
    }
    lines
}

fn reply_lines(reply: &Reply) -> Vec<String> {
    let width = label_width(reply);
    let mut lines = Vec::with_capacity(reply.blocks.len());
    for block in &reply.blocks {
        match block {
            Block::Line(line) => lines.push(plain_line(line)),
            Block::Detail { label, lines: under } => detail(&mut lines, label, under, width),
            Block::Table { head, rows } => table(&mut lines, head, rows),
            Block::Verbatim(text) => lines.extend(text.lines().map(|line| visible(line).into_owned())),
            Block::Progress { done, of, elapsed } => {
                let full = if *of == 0 { 0 } else { BAR * done / of };
                let bar = "█".repeat(full) + &"░".repeat(BAR - full);
                lines.push(format!("{bar} {done}/{of} · {}", span(*elapsed)));
            }
        }
    }
    if let Some(attachment) = &reply.attachment {
        lines.extend(attachment.text.lines().map(|line| visible(line).into_owned()));
    }
    lines
}

/// A line without markup. Links show their address.
pub fn plain_line(line: &Line) -> String {
    let mut text = String::new();
    for span in &line.0 {
        match span {
            Span::Plain(words) | Span::Strong(words) | Span::Code(words) | Span::Foreign(words) => {
                text.push_str(&visible(words));
            }
            Span::Link { url, .. } => text.push_str(&visible(url)),
            Span::Opened(secret) => text.push_str(secret.0.expose_secret()),
            Span::Sealed(_) => text.push_str("[sealed]"),
            Span::Mention { name, .. } => text.push_str(&visible(name)),
        }
    }
    text
}

fn label_width(reply: &Reply) -> usize {
    let label = |block: &Block| match block {
        Block::Detail { label, .. } => label.chars().count(),
        _ => 0,
    };
    reply.blocks.iter().map(label).max().unwrap_or(0)
}

fn detail(lines: &mut Vec<String>, label: &str, under: &[Line], width: usize) {
    let mut label = visible(label);
    for line in under {
        lines.push(format!("  {label:width$}  {}", plain_line(line)));
        label = "".into();
    }
}

fn table(lines: &mut Vec<String>, head: &[String], rows: &[Vec<Line>]) {
    let cells: Vec<Vec<String>> = std::iter::once(head.to_vec())
        .filter(|head| !head.is_empty())
        .chain(rows.iter().map(|row| row.iter().map(plain_line).collect()))
        .collect();
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            cells
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in &cells {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        lines.push(format!("  {}", padded.join("  ").trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Place, Room};
    use crate::reply::{Addressee, Block};

    fn post(reply: Reply) -> Post {
        let room = Room {
            network: "irc".into(),
            name: "#ops".into(),
        };
        let mut post = Post::to(Place::Room(room), reply);
        post.to = Some(Addressee {
            name: "alice".into(),
            account: None,
        });
        post
    }

    #[test]
    fn a_card_has_aligned_labels() {
        let reply = Reply::line("request R-4QX asks to roll back prod:")
            .detail("code", Line::new("8d07be4 → 3f2a91c"))
            .detail("config", "NEW_RELIC_LABEL changes back");
        assert_eq!(
            plain(&post(reply)),
            [
                "alice: request R-4QX asks to roll back prod:",
                "  code    8d07be4 → 3f2a91c",
                "  config  NEW_RELIC_LABEL changes back",
            ]
        );
    }

    #[test]
    fn strangers_text_cannot_make_a_line_of_its_own() {
        let reply = Reply::line(Line::new("last commit: ").foreign("fix\r\nQUIT :bye"));
        assert_eq!(
            plain(&post(reply)),
            ["alice: last commit: fix<U+000D><U+000A>QUIT :bye"]
        );
    }

    #[test]
    fn tables_are_aligned() {
        let rows = vec![
            vec![Line::new("prod"), Line::new("v813")],
            vec![Line::new("prototype"), Line::new("v655")],
        ];
        let reply = Reply::default().block(Block::Table {
            head: vec!["app".into(), "release".into()],
            rows,
        });
        assert_eq!(
            plain(&post(reply))[1..],
            ["  prod       v813", "  prototype  v655"]
        );
    }
}
