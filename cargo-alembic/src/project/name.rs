//! File names of new revisions.

use chrono::{DateTime, FixedOffset};

/// Returns the file name without ending that `template` makes.
pub(super) fn file_name(
    template: &str,
    rev: &str,
    message: &str,
    slug_length: usize,
    date: DateTime<FixedOffset>,
) -> String {
    let part = |format: &str| date.format(format).to_string();
    let slug = slug(message, slug_length);
    let template = if slug.is_empty() { template.replace("_{slug}", "") } else { template.to_owned() };
    template
        .replace("{rev}", rev)
        .replace("{slug}", &slug)
        .replace("{year}", &part("%Y"))
        .replace("{month}", &part("%m"))
        .replace("{day}", &part("%d"))
        .replace("{hour}", &part("%H"))
        .replace("{minute}", &part("%M"))
        .replace("{second}", &part("%S"))
        .replace("{epoch}", &date.timestamp().to_string())
}

/// Returns the words of a message in lower case, joined with `_`, cut at a word if too long.
fn slug(message: &str, length: usize) -> String {
    let lower = message.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("_");
    if slug.chars().count() <= length {
        return slug;
    }
    let cut: String = slug.chars().take(length).collect();
    match cut.rsplit_once('_') {
        Some((whole, _)) => format!("{whole}_"),
        None => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_template() {
        let date = DateTime::parse_from_rfc3339("2026-11-21T09:30:05+00:00").unwrap();
        let name = |template, message| file_name(template, "3f2a", message, 20, date);
        assert_eq!(name(alembic_graph::config::FILE_TEMPLATE, "Add Users!"), "2026_11_21_0930-3f2a_add_users");
        assert_eq!(name("{rev}_{slug}", "a message that goes on for long"), "3f2a_a_message_that_goes_");
        assert_eq!(name("{epoch}_{rev}_{slug}", "../../etc"), "1795253405_3f2a_etc");
        assert_eq!(name("{rev}_{slug}", "   "), "3f2a");
    }
}
