//! Reads and writes files so that a crash leaves the old or the new one.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// Replaces a file in one step; a reader sees the old text or the new.
pub(crate) fn atomically(path: &Path, text: &str) -> io::Result<()> {
    let file = beside(path, text)?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes a file that must not exist yet, in one step.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    beside(path, text)?.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a temporary file in the folder of `path`, to be moved there.
fn beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or_else(|| Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    readable_by_all(file.as_file())?;
    Ok(file)
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
