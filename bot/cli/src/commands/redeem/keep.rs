//! Where what was in a link goes. Once the link is spent this is the only copy, so whatever fails here, it is printed.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{anyhow, bail};
use countersign_secrets::content::Content;
use secrecy::ExposeSecret as _;

use crate::private_file;

/// Makes the folder and tries whether files can be made in it, before anything is spent.
pub(super) fn ready(folder: &Path) -> anyhow::Result<()> {
    let file = folder
        .ancestors()
        .find(|above| above.exists())
        .filter(|above| !above.is_dir());
    if let Some(file) = file {
        bail!(
            "{} is a file, not a folder; nothing was spent. Choose another --to",
            file.display()
        );
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| tempfile::tempfile_in(folder))
        .map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::PermissionDenied => "this user may not".to_owned(),
                _ => error.to_string(),
            };
            anyhow!(
                "files cannot be made in {} ({why}); nothing was spent. Choose another --to",
                folder.display()
            )
        })?;
    Ok(())
}

/// How what is printed looks.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    Json,
}

/// Writes all of it to `out`.
pub(super) fn print(content: &Content, form: Form, out: &mut impl Write) -> io::Result<()> {
    match form {
        Form::Json => {
            out.write_all(&content.to_bytes())?;
            writeln!(out)?;
        }
        Form::Text => {
            for field in &content.fields {
                writeln!(out, "{}\n  {}", field.label, field.value.expose_secret())?;
            }
            for file in &content.files {
                writeln!(out, "{}\n{}", file.name, file.text.expose_secret())?;
            }
        }
    }
    out.flush()
}

/// Every field and file becomes a file of its own that only this user may read; if one does not, all is written to `out`.
pub(super) fn save(content: &Content, folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let fields = content.fields.iter().map(|field| (&field.label, &field.value));
    let files = content.files.iter().map(|file| (&file.name, &file.text));
    let mut failed = None;
    for (name, text) in fields.chain(files) {
        let path = folder.join(plain(name));
        match private_file::write(&path, text.expose_secret().as_bytes()) {
            // Nobody who hears it is no reason to stop here.
            Ok(()) => writeln!(io::stderr(), "{}", path.display()).unwrap_or_default(),
            Err(error) => failed = failed.or(Some((path, error))),
        }
    }
    let Some((path, error)) = failed else {
        return Ok(());
    };
    print(content, Form::Text, out)?;
    let why = match error.kind() {
        io::ErrorKind::AlreadyExists => "it exists already and was left alone".to_owned(),
        _ => error.to_string(),
    };
    bail!(
        "{} was not written ({why}). The link is spent; all that was in it is printed above",
        path.display()
    )
}

/// A name without what would lead out of the folder.
fn plain(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let plain: String = name.chars().map(|c| if kept(c) { c } else { '_' }).collect();
    match plain.trim_start_matches('.') {
        "" => "unnamed".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::SecretString;

    use super::*;

    fn two_fields() -> Content {
        let mut content = Content::one("DATABASE_URL", SecretString::from("mysql://one"));
        let other = Content::one("../.API_KEY", SecretString::from("two"));
        content.fields.extend(other.fields);
        content
    }

    #[test]
    fn a_folder_is_made_for_this_user_alone_and_each_field_is_a_file_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("kept/here");
        ready(&folder).unwrap();
        ready(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let mut out = Vec::new();
        save(&two_fields(), &folder, &mut out).unwrap();
        assert!(out.is_empty());
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(
            (read("DATABASE_URL"), read("_.API_KEY")),
            ("mysql://one".to_owned(), "two".to_owned())
        );
        assert_eq!(mode(&folder.join("DATABASE_URL")), 0o600);
    }

    #[test]
    fn what_cannot_be_kept_in_files_is_printed_whole() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("DATABASE_URL"), "of somebody else").unwrap();
        let mut out = Vec::new();
        let error = save(&two_fields(), folder.path(), &mut out).unwrap_err();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "DATABASE_URL\n  mysql://one\n../.API_KEY\n  two\n"
        );
        let said = error.to_string();
        assert!(said.contains("it exists already and was left alone"), "{said}");
        let kept = fs::read_to_string(folder.path().join("DATABASE_URL")).unwrap();
        assert_eq!(kept, "of somebody else");
    }

    #[test]
    fn a_file_where_the_folder_should_be_is_told_before() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        for folder in [file.clone(), file.join("below/it")] {
            assert_eq!(
                ready(&folder).unwrap_err().to_string(),
                format!(
                    "{} is a file, not a folder; nothing was spent. Choose another --to",
                    file.display()
                )
            );
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(plain("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(plain(".."), "unnamed");
        assert_eq!(plain(""), "unnamed");
    }
}
