//! The services of a network: who keeps its accounts.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};

use super::process::{Home, Process, program, signal, until};
use super::{anope, atheme};

/// Which services a network has. They know the same commands, but one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Services {
    Atheme,
    Anope,
    None,
}

impl Services {
    pub(super) fn ghost(self) -> &'static str {
        match self {
            Self::Anope => "RECOVER",
            Self::Atheme | Self::None => "GHOST",
        }
    }
}

/// Services with their folder; they can be killed and started again.
pub(super) struct Running {
    kind: Services,
    // Before the folder, in which its pid is.
    process: Option<Kind>,
    home: Home,
}

enum Kind {
    Forked(Forked),
    Plain(Process),
}

const PID: &str = "services.pid";

impl Running {
    pub(super) fn new(kind: Services, link: u16, uplink: &str, casemapping: &str) -> Self {
        let home = Home::new();
        let data = home.folder("data");
        match kind {
            Services::Atheme => home.write(
                "services.conf",
                &atheme::configuration(link, uplink, casemapping, &home.at("log")),
            ),
            Services::Anope => {
                home.folder("log");
                // Without it, it ends when it writes its data for the second time.
                home.folder("data/backups");
                home.write("motd", "");
                home.write("services.conf", &anope::configuration(link, casemapping, &data))
            }
            Services::None => panic!("there are none"),
        };
        Self {
            kind,
            home,
            process: None,
        }
    }

    pub(super) fn start(&mut self) {
        let home = &self.home;
        self.process = Some(match self.kind {
            Services::Anope => {
                let mut command = home.command(program("ANOPE"), "services");
                let folder = |option: &str, path: &std::path::Path| format!("--{option}={}", path.display());
                command.arg("--nofork").args([
                    folder("confdir", home.path()),
                    folder("dbdir", &home.at("data")),
                    folder("logdir", &home.at("log")),
                    folder("modulesdir", program("ANOPE_MODULES").as_ref()),
                ]);
                Kind::Plain(Process::start(&mut command))
            }
            Services::Atheme | Services::None => Kind::Forked(Forked::start(home)),
        });
    }

    /// Kill -9.
    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    /// Asks them to end; they write their accounts down.
    pub(super) async fn end(&mut self) {
        match self.process.take() {
            Some(Kind::Plain(mut process)) => process.end().await,
            Some(Kind::Forked(forked)) => forked.end(&self.home).await,
            None => panic!("the services are stopped already"),
        }
    }

    pub(super) fn logs(&self) -> String {
        self.home.logs()
    }
}

/// Atheme, which goes into the background: in the foreground it tells everybody that it is being debugged. A shell
/// waits beside it and kills it when we let go of the shell's input, by will or because we died.
struct Forked(Child);

impl Forked {
    fn start(home: &Home) -> Self {
        // One that was killed leaves its file, and would be taken for one that runs.
        std::fs::remove_file(home.at(PID)).ok();
        let mut command = home.command("sh", "services");
        // Its number is in the file a moment after it went into the background.
        let script = format!(
            r#""$@" && read -r _; n=0; until [ -s {PID} ] || [ $n = 100 ]; do sleep 0.02; n=$((n + 1)); done
            kill -9 "$(cat {PID})""#
        );
        command.args(["-c", &script, "sh"]).arg(program("ATHEME"));
        command.arg("-c").arg(home.at("services.conf"));
        command.arg("-D").arg(home.at("data"));
        command.arg("-l").arg(home.at("services.log"));
        command.arg("-p").arg(home.at(PID));
        // In a group of its own the shell outlives a kill of the whole test.
        Self(command.stdin(Stdio::piped()).process_group(0).spawn().unwrap())
    }

    async fn end(self, home: &Home) {
        let pid: u32 = std::fs::read_to_string(home.at(PID))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        signal("-TERM", pid);
        // Whoever adopts it may reap it late.
        let gone = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            status.map_or(true, |it| it.contains(") Z "))
        };
        until("the services end", gone).await;
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().ok();
    }
}
