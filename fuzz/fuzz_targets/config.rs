//! A manifest is configuration or an error with a place; folders stay inside the package.
#![no_main]

use alembic_graph::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Most random texts are no TOML, so the interesting part is put where it belongs.
    for manifest in [text.to_owned(), format!("[package.metadata.alembic]\n{text}")] {
        let Ok(Some(config)) = Config::from_manifest(&manifest) else { continue };
        for folder in &config.migrations {
            assert!(!folder.starts_with('/') && !folder.split(['/', '\\']).any(|part| part == ".."), "{folder}");
        }
    }
});
