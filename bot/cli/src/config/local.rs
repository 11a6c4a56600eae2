//! `[local]`: the way in for people on this machine.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// The file in the data folder that is the socket, unless the configuration says otherwise.
const SOCKET: &str = "countersign.sock";

/// The way in for people on this machine: `countersign do`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The Unix socket.
    pub socket: PathBuf,
}

/// The way in for people on this machine, when chat is down: `countersign do`. Who they are is their user number,
/// which is an account on the network `local`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LocalSection {
    /// The Unix socket. A relative path starts at the folder of the configuration. countersign.sock in the data folder
    /// if absent.
    #[schemars(example = &"/run/countersign/socket")]
    socket: Option<PathBuf>,
}

impl LocalSection {
    pub(super) fn resolve(self, folder: &Path, data: &Path) -> Local {
        let socket = self
            .socket
            .map_or_else(|| data.join(SOCKET), |path| folder.join(path));
        Local { socket }
    }
}
