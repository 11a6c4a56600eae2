//! An authority that vouches for one server and its clients, made anew for each test.

use std::path::PathBuf;
use std::process::Command;

use super::process::program;

/// The files of an authority and what it signed, PEM all of them.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    folder: PathBuf,
}

const SERVER: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n\
                      keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n";
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

impl Certificates {
    /// An authority, and a certificate for localhost and 127.0.0.1.
    pub(super) fn make(folder: PathBuf) -> Self {
        let made = Self { folder };
        made.openssl(
            &["req", "-x509", "-days", "2", "-subj", "/CN=Nobody's authority"],
            &[
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
            ],
            &KEY,
        );
        made.sign("server", "localhost", SERVER);
        made
    }

    /// What a client trusts.
    pub(crate) fn ca(&self) -> PathBuf {
        self.at("ca.pem")
    }

    /// The server's own and its key.
    pub(super) fn server(&self) -> (PathBuf, PathBuf) {
        (self.at("server.pem"), self.at("server.key"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sign(&self, file: &str, name: &str, extensions: &str) {
        let [key, request, out, ext] = ["key", "csr", "pem", "ext"].map(|kind| format!("{file}.{kind}"));
        std::fs::write(self.at(&ext), extensions).unwrap();
        let subject = format!("/CN={name}");
        self.openssl(
            &["req", "-subj", &subject],
            &["-keyout", &key, "-out", &request],
            &KEY,
        );
        self.openssl(
            &[
                "x509",
                "-req",
                "-days",
                "2",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
            ],
            &["-extfile", &ext, "-in", &request, "-out", &out],
            &[],
        );
    }

    fn openssl(&self, what: &[&str], files: &[&str], key: &[&str]) {
        let output = Command::new(program("OPENSSL"))
            .args(what)
            .args(key)
            .args(files)
            .current_dir(&self.folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {what:?}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
