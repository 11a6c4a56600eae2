//! The socket file: one process listens on it, and what a dead one left behind is replaced.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Why nobody can be listened to.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process listens there.
    #[error("another countersign is listening on {0}; stop that one first, or give this one another socket")]
    Taken(PathBuf),
    /// There is a file that is no socket.
    #[error("{0} is there and is no socket; give the socket another name, or move that away")]
    NoSocket(PathBuf),
    /// The operating system refused it.
    #[error(
        "{path} cannot be listened on; its folder must exist and the bot's user be allowed to write in it"
    )]
    Refused {
        /// The socket.
        path: PathBuf,
        /// The error beneath.
        #[source]
        source: io::Error,
    },
}

/// The socket, as long as somebody listens on it.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    /// Whoever has it listens. The operating system releases it with the process, however that ends.
    _lock: File,
}

impl Socket {
    /// Listens. Everybody may connect who may enter the folder: who they are is told by the operating system, and what
    /// they may do by the bot's rules.
    pub(crate) async fn listen(path: &Path) -> Result<(Self, UnixListener), ListenError> {
        let refused = |source| ListenError::Refused {
            path: path.to_owned(),
            source,
        };
        let lock = lock(path)?;
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => match UnixStream::connect(path).await {
                // Somebody listens who knows nothing of our lock, or has no time to take the call.
                Ok(_) => return Err(ListenError::Taken(path.to_owned())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(ListenError::Taken(path.to_owned()));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    fs::remove_file(path).map_err(refused)?;
                }
                Err(error) => return Err(refused(error)),
            },
            Ok(_) => return Err(ListenError::NoSocket(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
        let listener = UnixListener::bind(path).map_err(refused)?;
        fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(refused)?;
        let socket = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        Ok((socket, listener))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The lock is still held: what is removed is ours. If it stays, the next one replaces it.
        fs::remove_file(&self.path).ok();
    }
}

fn lock(path: &Path) -> Result<File, ListenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let refused = |source| ListenError::Refused {
        path: name.clone(),
        source,
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&name).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ListenError::Taken(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(refused(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_listens_and_after_it_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (socket, listener) = Socket::listen(&path).await.unwrap();
        let second = Socket::listen(&path).await.unwrap_err();
        assert!(matches!(second, ListenError::Taken(_)), "{second}");
        UnixStream::connect(&path).await.unwrap();
        drop((socket, listener));
        assert!(!path.exists());
        Socket::listen(&path).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "nobody took it away");
        let (socket, _listener) = Socket::listen(&path).await.unwrap();
        UnixStream::connect(&path).await.unwrap();
        drop(socket);

        fs::write(&path, "somebody's notes").unwrap();
        let error = Socket::listen(&path).await.unwrap_err();
        assert!(matches!(error, ListenError::NoSocket(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's notes");
    }

    #[tokio::test]
    async fn another_programs_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _theirs = UnixListener::bind(&path).unwrap();
        let error = Socket::listen(&path).await.unwrap_err();
        assert!(matches!(error, ListenError::Taken(_)), "{error}");
        UnixStream::connect(&path).await.unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let error = Socket::listen(Path::new("/nowhere/at/all/socket"))
            .await
            .unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/at/all/socket"), "{error}");
    }
}
