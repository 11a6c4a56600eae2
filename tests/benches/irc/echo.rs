//! The least that a client can do to answer `!ping`: no identity, no policy, no confirmation, no pace. What the bot takes
//! more than this is what all that costs.

use std::process::ExitCode;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::serve::ROOM;

/// What makes this program the client.
pub(crate) const ARGUMENT: &str = "echo-client";

/// Is the client, on the server at this port, until that closes the connection.
pub(crate) fn run(port: u16) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.unwrap().block_on(serve(port)).unwrap();
    ExitCode::SUCCESS
}

async fn serve(port: u16) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    socket.write_all(b"NICK echo\r\nUSER echo 0 * :echo\r\n").await?;
    let (mut unread, mut answers) = (Vec::with_capacity(64 * 1024), Vec::new());
    while socket.read_buf(&mut unread).await? > 0 {
        let mut start = 0;
        while let Some(length) = unread[start..].iter().position(|byte| *byte == b'\n') {
            let line = unread[start..start + length].trim_ascii_end();
            answer(line, &mut answers);
            start += length + 1;
        }
        unread.drain(..start);
        unread.reserve(16 * 1024);
        if !answers.is_empty() {
            socket.write_all(&answers).await?;
            answers.clear();
        }
    }
    Ok(())
}

fn answer(line: &[u8], answers: &mut Vec<u8>) {
    if line.ends_with(b":!ping") {
        answers.extend_from_slice(b"PRIVMSG ");
        answers.extend_from_slice(ROOM.as_bytes());
        answers.extend_from_slice(b" :pong\r\n");
    } else if line.starts_with(b"PING ") {
        answers.extend_from_slice(b"PONG ");
        answers.extend_from_slice(&line[5..]);
        answers.extend_from_slice(b"\r\n");
    } else if line.starts_with(b":irc.test 376 ") {
        answers.extend_from_slice(b"JOIN ");
        answers.extend_from_slice(ROOM.as_bytes());
        answers.extend_from_slice(b"\r\n");
    }
}
