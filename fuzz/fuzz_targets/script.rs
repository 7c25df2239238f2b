//! A revision file that reads is written so that it reads the same.
#![no_main]

use alembic_graph::script::Downgrade;use alembic_graph::script::Section;use alembic_graph::script::parse;use alembic_graph::script::render;

fn without_lines(sections: &[Section]) -> Vec<(String, String)> {
    sections.iter().map(|section| (format!("{:?}", section.dialects), section.sql.trim().to_owned())).collect()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(script) = parse(text) else { return };
    let again = parse(&render(&script)).expect("what was written reads");
    assert_eq!(again.header.id, script.header.id);
    assert_eq!(again.header.parents, script.header.parents);
    assert_eq!(again.upgrade_checksum(), script.upgrade_checksum());
    assert_eq!(again.downgrade_checksum(), script.downgrade_checksum());
    assert_eq!(without_lines(&again.upgrade), without_lines(&script.upgrade));
    if let (Downgrade::Sections(a), Downgrade::Sections(b)) = (&again.downgrade, &script.downgrade) {
        assert_eq!(without_lines(a), without_lines(b));
    }
});
