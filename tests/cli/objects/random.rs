//! Random edits of objects: each is seen, written, undone, and then there is no news.

use harness::Project;

use super::users;

/// A generator of numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

const VIEWS: u64 = 8;

/// Edits one object: a view of the table or of earlier views, or a trigger; returns whether it is another one now.
fn edit(project: &Project, numbers: &mut Numbers) -> bool {
    let at = numbers.below(VIEWS + 4);
    let (path, text) = if at < VIEWS {
        let from =
            if at == 0 || numbers.below(3) == 0 { "users".to_owned() } else { format!("v{}", numbers.below(at)) };
        let spaces = " ".repeat(usize::try_from(numbers.below(3)).unwrap_or(0) + 1);
        let literal =
            ["'a;b'", "'it''s'", "\"id\"", "7 /* n */", "x'ff'"][usize::try_from(numbers.below(5)).unwrap_or(0)];
        let text = format!(
            "-- {at}\nCREATE VIEW v{at} AS{spaces}SELECT id, {literal} AS w FROM {from} WHERE id > {};\n",
            numbers.below(9)
        );
        (format!("migrations/objects/v{at}.sql"), text)
    } else {
        let event = ["INSERT", "UPDATE OF n", "DELETE"][usize::try_from(numbers.below(3)).unwrap_or(0)];
        let text = format!(
            "CREATE TRIGGER g{at} AFTER {event} ON users BEGIN\n  UPDATE users SET n = {};\n  SELECT 'END; it''s';\nEND;\n",
            numbers.below(9)
        );
        (format!("migrations/objects/triggers/g{at}.sql"), text)
    };
    let is_other = std::fs::read_to_string(project.path().join(&path)).is_ok_and(|old| old == text);
    project.write(&path, text);
    !is_other
}

#[test]
fn five_hundred_random_edits_leave_no_phantom_difference() {
    let project = users();
    let mut numbers = Numbers(7);
    // Views are there before others name them.
    for at in 0..VIEWS {
        project
            .write(&format!("migrations/objects/v{at}.sql"), format!("CREATE VIEW v{at} AS SELECT id FROM users;\n"));
    }
    project.ok("revision --autogenerate -m first");
    let mut edits = 0;
    while edits < 500 {
        let changed = (0..12).filter(|_| edit(&project, &mut numbers)).count();
        edits += 12;
        let written = project.ok(&format!("revision --autogenerate -m edit{edits}"));
        assert_eq!(written.contains("No changes"), changed == 0, "{written}");
        let again = project.ok("revision --autogenerate -m phantom");
        assert_eq!(again, "No changes detected; nothing was written.\n");
    }
    project.ok("upgrade head");
    let checked = project.try_line("check --only models,roundtrip,pending,drift");
    assert_eq!(checked.status, 0, "{checked}");
    project.ok("downgrade base");
}
