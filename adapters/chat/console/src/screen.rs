//! What stands above the prompt, and how to change it in place. It writes nothing: it says which bytes to write, with
//! the cursor at the beginning of the row under what was printed last.

use countersign_core::id::PostId;

use crate::render::Painted;

/// Columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// Rows kept for the prompt, which may be longer than one row while somebody types.
const PROMPT_ROWS: usize = 3;

/// Remembers the newest post as long as nothing was printed under it.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    newest: Option<(PostId, Vec<usize>)>,
}

impl Screen {
    /// Something else was printed: the newest post cannot be reached any more.
    pub(crate) fn forget(&mut self) {
        self.newest = None;
    }

    /// The bytes that print these lines: over the newest post if it is the one that they replace, else under it.
    pub(crate) fn print(
        &mut self,
        lines: &[Painted],
        id: Option<&PostId>,
        replaces: Option<&PostId>,
        size: Option<Size>,
    ) -> String {
        let mut bytes = self
            .rows_to_redraw(replaces, size)
            .map(|rows| format!("\x1b[{rows}A\x1b[0J"))
            .unwrap_or_default();
        for line in lines {
            bytes.push_str(&line.text);
            bytes.push('\n');
        }
        self.newest = id.map(|id| (id.clone(), lines.iter().map(|line| line.width).collect()));
        bytes
    }

    /// How far up the replaced post begins, if all of it can be reached: the cursor cannot go above the screen.
    fn rows_to_redraw(&self, replaces: Option<&PostId>, size: Option<Size>) -> Option<usize> {
        let ((newest, widths), replaced, size) = (self.newest.as_ref()?, replaces?, size?);
        let rows: usize = widths
            .iter()
            .map(|width| width.div_ceil(size.columns.max(1)).max(1))
            .sum();
        (newest == replaced && rows > 0 && rows + PROMPT_ROWS <= size.rows).then_some(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Option<Size> = Some(Size {
        columns: 20,
        rows: 10,
    });

    fn lines(texts: &[&str]) -> Vec<Painted> {
        texts
            .iter()
            .map(|text| Painted {
                text: (*text).to_owned(),
                width: text.len(),
            })
            .collect()
    }

    #[test]
    fn the_newest_post_is_redrawn_where_it_stands() {
        let mut screen = Screen::default();
        let (one, two) = (PostId::from("p1"), PostId::from("p2"));
        let first = lines(&["building", "half way"]);
        assert_eq!(
            screen.print(&first, Some(&one), None, SIZE),
            "building\nhalf way\n"
        );
        let second = lines(&["done"]);
        assert_eq!(
            screen.print(&second, Some(&one), Some(&one), SIZE),
            "\x1b[2A\x1b[0Jdone\n"
        );
        assert_eq!(
            screen.print(&second, Some(&one), Some(&one), SIZE),
            "\x1b[1A\x1b[0Jdone\n"
        );
        assert_eq!(screen.print(&second, Some(&two), None, SIZE), "done\n");
        assert_eq!(
            screen.print(&second, Some(&one), Some(&one), SIZE),
            "done\n",
            "p2 is under it"
        );
    }

    #[test]
    fn a_long_line_takes_as_many_rows_as_it_is_wrapped_to() {
        let mut screen = Screen::default();
        let one = PostId::from("p1");
        screen.print(&lines(&[&"x".repeat(41), ""]), Some(&one), None, SIZE);
        assert_eq!(
            screen.print(&lines(&["y"]), Some(&one), Some(&one), SIZE),
            "\x1b[4A\x1b[0Jy\n"
        );
    }

    #[test]
    fn what_cannot_be_reached_is_printed_anew() {
        let mut screen = Screen::default();
        let one = PostId::from("p1");
        let tall = lines(&["x"; 8]);
        let short = lines(&["x"]);
        screen.print(&tall, Some(&one), None, SIZE);
        assert_eq!(
            screen.print(&short, Some(&one), Some(&one), SIZE),
            "x\n",
            "too tall"
        );
        screen.forget();
        assert_eq!(
            screen.print(&short, Some(&one), Some(&one), SIZE),
            "x\n",
            "somebody spoke"
        );
        assert_eq!(
            screen.print(&short, Some(&one), Some(&one), None),
            "x\n",
            "no size"
        );
    }
}
