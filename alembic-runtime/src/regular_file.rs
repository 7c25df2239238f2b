//! Reads files of a project, which may be a stranger's.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use alembic_graph::collection::LARGEST_FILE;

/// Reads a regular file.
///
/// # Errors
///
/// Those of the file system, and one for what may never end: a pipe, a device, or more than [`LARGEST_FILE`] bytes.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "it is a folder" } else { "it is a pipe, a socket or a device" };
        return Err(io::Error::other(format!("{what}, not a regular file")));
    }
    let mut content = Vec::with_capacity(metadata.len().min(LARGEST_FILE).try_into().unwrap_or_default());
    let read = File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if read as u64 > LARGEST_FILE {
        let limit = LARGEST_FILE >> 20;
        return Err(io::Error::other(format!(
            "it has more than {limit} MiB, the most that a file of a project may have"
        )));
    }
    Ok(content)
}

/// Reads a regular file that is UTF-8.
///
/// # Errors
///
/// Those of [`read_regular`], and one for another encoding.
pub fn read_regular_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_regular(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(path: &Path) -> String {
        read_regular(path).unwrap_err().to_string()
    }

    #[test]
    fn what_may_never_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large");
        let large = File::create(&file).unwrap();
        large.set_len(LARGEST_FILE).unwrap();
        assert_eq!(read_regular(&file).unwrap().len() as u64, LARGEST_FILE);
        large.set_len(LARGEST_FILE + 1).unwrap();
        assert_eq!(problem(&file), "it has more than 64 MiB, the most that a file of a project may have");
        assert_eq!(problem(folder.path()), "it is a folder, not a regular file");
        #[cfg(unix)]
        assert_eq!(problem(Path::new("/dev/zero")), "it is a pipe, a socket or a device, not a regular file");
    }
}
