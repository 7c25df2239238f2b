//! Ids and metadata of one revision.

use alembic_sql::Checksum;
use chrono::{DateTime, FixedOffset, NaiveDateTime};

/// Longest id: the version table is shared with Python Alembic, whose column is `VARCHAR(32)`.
pub const MAX_ID_LENGTH: usize = 32;

/// Words of the identifier language, which therefore cannot name a revision or a branch.
pub const RESERVED: [&str; 4] = ["head", "heads", "base", "current"];

/// What the graph needs to know of a revision; its SQL is in the [`Script`](crate::Script).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Unique id, `[A-Za-z0-9_]{1,32}`.
    pub id: String,
    /// The revisions it follows; none for a base, several for a merge.
    pub parents: Vec<String>,
    /// Revisions, by id or branch label, that must be applied before it.
    pub dependencies: Vec<String>,
    /// Names it gives to its branch.
    pub labels: Vec<String>,
    /// First paragraph of the header.
    pub message: String,
    /// When it was written.
    pub created: Option<Created>,
    /// The file, relative to the project, with `/` between folders.
    pub path: String,
    /// Checksum of its upgrade text.
    pub upgrade: Checksum,
    /// Checksum of its downgrade text; none if it is irreversible.
    pub downgrade: Option<Checksum>,
}

/// Why a word cannot be an id or a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty, too long, or holds another character.
    #[error("`{0}` is not a name: use 1 to 32 of the characters A-Z, a-z, 0-9 and _")]
    Characters(String),
    /// The identifier language uses the word.
    #[error("`{0}` is a reserved word of the identifier language")]
    Reserved(String),
}

/// Checks that `name` can be a revision id or a branch label.
///
/// # Errors
///
/// [`NameError`] with the reason.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if RESERVED.contains(&name) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    let fits = (1..=MAX_ID_LENGTH).contains(&name.len());
    if fits && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(())
    } else {
        Err(NameError::Characters(name.to_owned()))
    }
}

/// How we write create dates.
const OUR_FORM: &str = "%Y-%m-%d %H:%M:%S%:z";
/// Offsets go from -24 to +24 hours, in minutes.
const OFFSET_SHIFT: i32 = 24 * 60;

/// A create date, with its offset if the file gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    text: String,
    seconds: i64,
}

impl Created {
    /// Reads `2026-11-21 09:30:00+00:00`, with or without fraction and offset, `T` or a space.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"]
            .iter()
            .find_map(|format| DateTime::<FixedOffset>::parse_from_str(text, format).ok())
            .map(|date| date.timestamp())
            .or_else(|| {
                ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
                    .iter()
                    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                    .map(|date| date.and_utc().timestamp())
            })?;
        Some(Self { text: text.to_owned(), seconds })
    }

    /// Returns seconds and the offset in minutes (shifted to be positive), if the date is written in
    /// the form that we write, so that both stand for the text.
    pub(crate) fn compact(&self) -> Option<(usize, usize)> {
        let offset = DateTime::<FixedOffset>::parse_from_str(&self.text, OUR_FORM).ok()?.offset().local_minus_utc();
        let seconds = usize::try_from(self.seconds).ok()?;
        let offset = usize::try_from(offset / 60 + OFFSET_SHIFT).ok()?;
        (Self::from_compact(seconds, offset)? == *self).then_some((seconds, offset))
    }

    /// Undoes [`compact`](Self::compact).
    pub(crate) fn from_compact(seconds: usize, offset: usize) -> Option<Self> {
        let offset = i32::try_from(offset).ok()?.checked_sub(OFFSET_SHIFT)?.checked_mul(60)?;
        let seconds = i64::try_from(seconds).ok()?;
        let date = DateTime::from_timestamp(seconds, 0)?.with_timezone(&FixedOffset::east_opt(offset)?);
        Some(Self { text: date.format(OUR_FORM).to_string(), seconds })
    }

    /// Returns the date as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the seconds since 1970; a date without offset counts as UTC.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_that_the_language_does_not_use() {
        assert!(check_name("3f2a9c1b7d4e").is_ok());
        assert!(check_name("add_users").is_ok());
        for bad in ["", "a-b", "a b", "ä", "heads", &"x".repeat(33)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_read_in_our_form_and_in_that_of_python() {
        let seconds = |text| Created::parse(text).map(|c| c.seconds());
        assert_eq!(seconds("1970-01-01 01:00:00+01:00"), Some(0));
        assert_eq!(seconds("1970-01-01 00:00:07.123456"), Some(7));
        assert_eq!(seconds("yesterday"), None);
    }
}
