//! Reads and writes files so that a crash leaves the old or the new one.

use std::{
    borrow::Cow,
    fs,
    io::{self, Write},
    path::Path,
    time::Duration,
};

use alembic_runtime::__private::read_regular;
use tempfile::NamedTempFile;

use crate::scratch_name;

/// How temporary files are called: reading passes over names with a dot in front.
const TEMPORARY: (&str, &str) = (".alembic-", ".tmp");
/// Nobody writes a file for so long.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Replaces a file in one step; a reader sees the old text or the new. The lines end as those of the old text do.
pub(crate) fn atomically(path: &Path, text: &str) -> io::Result<()> {
    let old = read_regular(path).unwrap_or_default();
    let file = beside(path, &with_line_ends_of(&old, text))?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Returns a text with the line ends of another one, which its first line shows: git may check files out with `\r\n`.
fn with_line_ends_of<'t>(old: &[u8], text: &'t str) -> Cow<'t, str> {
    let first_line = old.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    match first_line.ends_with(b"\r\n") {
        true => text.replace("\r\n", "\n").replace('\n', "\r\n").into(),
        false => text.into(),
    }
}

/// Makes a file that must not exist yet, in one step.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    beside(path, text)?.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a temporary file in the folder of `path`, to be moved there.
fn beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    if let Some(scratch) = scratch_name::mentioned_in(text) {
        let problem =
            format!("its text names the scratch database `{scratch}`, which is gone: write this change by hand");
        return Err(io::Error::other(problem));
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    remove_left_behind(folder);
    let mut file = tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    // Under its name it has to be there after a power cut, too.
    file.as_file().sync_all()?;
    readable_by_all(file.as_file())?;
    Ok(file)
}

/// Removes the temporary files of commands that were killed.
fn remove_left_behind(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_ours && age().is_some_and(|age| age > LEFT_BEHIND) {
            // It is in nobody's way, so that another command may try.
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Temporary files are private; what is committed to git is not.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::with_line_ends_of;

    #[test]
    fn lines_end_as_they_did() {
        assert_eq!(with_line_ends_of(b"a\r\nb\n", "x\ny\r\n"), "x\r\ny\r\n");
        for old in [b"a\nb\r\n".as_slice(), b"a", b""] {
            assert_eq!(with_line_ends_of(old, "x\ny\n"), "x\ny\n");
        }
    }
}
