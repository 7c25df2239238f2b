//! A lock file that reads is written so that it reads the same, and names no file elsewhere.
#![no_main]

use alembic_graph::lockfile::Lockfile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(lock) = Lockfile::parse(text) else { return };
    for (revision, _) in &lock.revisions {
        assert!(!revision.path.starts_with('/') && !revision.path.split(['/', '\\']).any(|part| part == ".."));
    }
    assert_eq!(Lockfile::parse(&lock.render()).as_ref(), Ok(&lock), "{}", lock.render());
});
