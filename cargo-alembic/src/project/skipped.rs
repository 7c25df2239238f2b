//! What the texts of the revisions say of scratch databases.

use alembic_graph::{
    Script,
    collection::script,
    created::Created,
    replay::Surroundings,
    script::{Skipped, skipped_in_rust},
};
use alembic_runtime::__private::read_regular;
use alembic_sql::{Dialect, Shown, split};

use super::Project;

impl Project {
    /// Reads the revision files. Whoever applies the revisions says what cannot be read.
    fn scripts(&self) -> impl Iterator<Item = (String, Script, String)> {
        self.graph.nodes().filter_map(|node| {
            let path = &self.graph.revision(node).path;
            let content = read_regular(&self.package.root.join(path)).ok()?;
            let (script, text) = script(path, &content).ok()?;
            Some((path.clone(), script, text.to_owned()))
        })
    }

    /// Returns whether a revision has a name in quotes: an exchange of names has one that nothing else has.
    pub(crate) fn has_quoted(&self, name: &str) -> bool {
        let quoted = Dialect::ALL.map(|dialect| dialect.quote(name));
        self.scripts().any(|(_, _, text)| quoted.iter().any(|name| text.contains(name)))
    }

    /// Returns the statements that a replay leaves out, each with its file.
    pub(crate) fn skipped(&self, dialect: Dialect) -> Vec<(String, Skipped)> {
        let of = |(path, script, text): (String, Script, String)| {
            let skipped = if script.code.is_some() { skipped_in_rust(&text) } else { script.skipped_for(dialect) };
            skipped.into_iter().map(move |skipped| (path.clone(), skipped)).collect::<Vec<_>>()
        };
        self.scripts().flat_map(of).collect()
    }

    /// Returns what the SQL of upgrades does outside of the database that it runs in, each statement with its place. Only
    /// a server for scratch databases lets a replay do that.
    pub(crate) fn outside(&self, dialect: Dialect) -> Vec<String> {
        let around = Surroundings { roles: self.config.roles.clone(), ..Surroundings::default() };
        let mut found = Vec::new();
        for (path, script, _) in self.scripts() {
            let Some(section) = script.upgrade_for(dialect) else { continue };
            for statement in split(&section.sql, dialect).unwrap_or_default() {
                if let Err(outside) = around.replay(statement.text, dialect) {
                    let line = section.line + statement.line - 1;
                    let shown = Shown::of(statement.text, dialect).text;
                    found.push(format!(
                        "{path}:{line}: `{}` {}",
                        shown.lines().next().unwrap_or_default(),
                        outside.what
                    ));
                }
            }
        }
        found
    }

    /// Returns what the revisions make on a scratch database.
    pub(crate) fn created(&self, dialect: Dialect) -> Created {
        let mut created = Created::default();
        for (_, script, text) in self.scripts() {
            let skipped = script.skipped_for(dialect);
            let Some(section) = script.upgrade_for(dialect) else {
                created.read(&text);
                continue;
            };
            let Ok(statements) = split(&section.sql, dialect) else {
                created.read(&section.sql);
                continue;
            };
            let is_run = |line: usize| !skipped.iter().any(|skipped| skipped.line == line + section.line - 1);
            let run = statements.iter().filter(|statement| is_run(statement.line));
            run.for_each(|statement| created.read(statement.text));
        }
        created
    }
}
