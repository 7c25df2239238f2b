//! What becomes of the values of a column whose type changes, as measured on each database.
//!
//! A table per database has a line for each type that was measured: what happened to its values when they became those
//! of each type in turn, in the order of the lines. Where versions of a server differ it is what covers both. A test
//! measures again.

mod type_name;

use alembic_sql::Dialect;
use type_name::TypeName;

/// What becomes of the values of a column whose type changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// All come through: converted back, they are what they were.
    Lossless,
    /// Some are refused, the others come through.
    Fails,
    /// Some become others without an error.
    Changes,
    /// Some are refused, and some become others.
    FailsOrChanges,
    /// All are refused.
    NotPossible,
}

impl Conversion {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lossless, Self::Fails, Self::Changes, Self::FailsOrChanges, Self::NotPossible];

    /// Returns the letter in the tables.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Lossless => '=',
            Self::Fails => '!',
            Self::Changes => '~',
            Self::FailsOrChanges => 'x',
            Self::NotPossible => '-',
        }
    }

    /// Returns what a letter of the tables means.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.letter() == letter)
    }

    /// Returns what becomes of values, given whether any fails and whether any changes.
    #[must_use]
    pub fn new(fails: bool, changes: bool) -> Self {
        match (fails, changes) {
            (false, false) => Self::Lossless,
            (true, false) => Self::Fails,
            (false, true) => Self::Changes,
            (true, true) => Self::FailsOrChanges,
        }
    }

    /// Returns what covers both: what one version of a server does, and what another does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self == other {
            true => self,
            false => Self::new(self.fails() || other.fails(), self.changes() || other.changes()),
        }
    }

    /// Returns what becomes of the values of one type as those of another; none if nothing was measured that tells.
    #[must_use]
    pub fn between(old: &str, new: &str, dialect: Dialect) -> Option<Self> {
        let table = Table::of(dialect);
        let (old, new) = (TypeName::parse(old, dialect), TypeName::parse(new, dialect));
        let related = || if old.base == new.base { table.alike(&old, &new) } else { None };
        table.get(&old, &new).or_else(related).or_else(|| table.bound(&old, &new))
    }

    fn fails(self) -> bool {
        matches!(self, Self::Fails | Self::FailsOrChanges | Self::NotPossible)
    }

    fn changes(self) -> bool {
        matches!(self, Self::Changes | Self::FailsOrChanges)
    }
}

/// Returns what was measured on a database: a line for each type, its name and a letter for each type.
#[must_use]
pub fn measured(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => include_str!("sqlite.txt"),
        Dialect::Postgres => include_str!("postgres.txt"),
        Dialect::Mysql => include_str!("mysql.txt"),
        Dialect::Mariadb => include_str!("mariadb.txt"),
    }
}

struct Table {
    types: Vec<TypeName>,
    /// What becomes of each type as each.
    outcomes: Vec<Vec<Conversion>>,
}

impl Table {
    fn of(dialect: Dialect) -> Self {
        let lines = measured(dialect).lines().filter_map(|line| line.split_once(" | "));
        let (types, outcomes) = lines
            .map(|(name, letters)| {
                (TypeName::parse(name.trim(), dialect), letters.chars().filter_map(Conversion::from_letter).collect())
            })
            .unzip();
        Self { types, outcomes }
    }

    fn get(&self, old: &TypeName, new: &TypeName) -> Option<Conversion> {
        let at = |name: &TypeName| self.types.iter().position(|known| known == name);
        self.outcomes.get(at(old)?)?.get(at(new)?).copied()
    }

    fn pairs(&self) -> impl Iterator<Item = (&TypeName, &TypeName, Conversion)> {
        let row = |(old, outcomes): (_, &'_ Vec<Conversion>)| {
            outcomes.clone().into_iter().zip(&self.types).map(move |(outcome, new)| (old, new, outcome))
        };
        self.types.iter().zip(&self.outcomes).flat_map(row)
    }

    /// Returns the worst that a change of parameters in the same directions was measured to do.
    fn alike(&self, old: &TypeName, new: &TypeName) -> Option<Conversion> {
        let directions = new.compared(old)?;
        let alike = self.pairs().filter(|(a, b, _)| {
            a.base == old.base && b.base == new.base && b.compared(a).as_ref() == Some(&directions)
        });
        let worst = alike.map(|(_, _, outcome)| outcome).reduce(Conversion::or)?;
        // What refuses all values of one pair need not refuse all of another.
        Some(Conversion::new(worst.fails(), worst.changes()))
    }

    /// Returns what cannot be worse: a type with more room than the old one became one with less than the new one.
    fn bound(&self, old: &TypeName, new: &TypeName) -> Option<Conversion> {
        if old.lists_values() && new.lists_values() {
            return None;
        }
        let within = |inner: &TypeName, outer: &TypeName| inner.base == outer.base && inner.fits_in(outer);
        let bounds = self.pairs().filter(|(a, b, outcome)| {
            // What refuses all says nothing of a type that does not.
            *outcome != Conversion::NotPossible && within(old, a) && within(b, new)
        });
        let bounds: Vec<Conversion> = bounds.map(|(_, _, outcome)| outcome).collect();
        let all = |is: fn(Conversion) -> bool| bounds.iter().all(|bound| is(*bound));
        (!bounds.is_empty()).then(|| Conversion::new(all(Conversion::fails), all(Conversion::changes)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversion::*, *};

    #[test]
    fn what_was_not_measured_is_bounded_by_what_was() {
        let postgres = |old: &str, new: &str| Conversion::between(old, new, Dialect::Postgres);
        assert_eq!(postgres("numeric(12,4)", "numeric(12,2)"), Some(Changes));
        assert_eq!(postgres("numeric(9,2)", "numeric(12,2)"), Some(Lossless));
        assert_eq!(postgres("varchar(10)", "character varying(30)"), Some(Lossless));
        assert_eq!(postgres("integer", "character varying(30)"), Some(Lossless));
        assert_eq!(postgres("timestamp(6) with time zone", "timestamp with time zone"), Some(Lossless));
        assert_eq!(postgres("mood", "text"), None);
        let mysql = |old: &str, new: &str| Conversion::between(old, new, Dialect::Mysql);
        assert_eq!(mysql("mediumtext", "text"), Some(Fails));
        assert_eq!(mysql("enum('x','y')", "enum('y','z','x')"), Some(Lossless));
        assert_eq!(mysql("enum('x','y')", "enum('x')"), Some(Fails));
        assert_eq!(mysql("int(11)", "bigint(20)"), Some(Lossless));
        assert_eq!(Conversion::between("varchar(3)", "clob", Dialect::Sqlite), Some(Lossless));
    }

    #[test]
    fn the_tables_are_square() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::Mysql, Dialect::Mariadb] {
            let table = Table::of(dialect);
            assert!(!table.types.is_empty() && table.outcomes.iter().all(|row| row.len() == table.types.len()));
        }
    }
}
