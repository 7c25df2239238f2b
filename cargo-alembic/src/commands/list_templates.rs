//! `list-templates`, and the templates themselves.

use std::{io, io::Write};

use alembic_graph::Hint;
use alembic_runtime::cli::{CommandError, Exit, Report, Styles};
use alembic_sql::wording::quoted;
use include_dir::{Dir, include_dir};
use serde::Serialize;

use crate::context::Context;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// List the templates that `init` has
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// What `init` starts from.
#[derive(Debug, Serialize)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    #[serde(skip)]
    pub(super) settings: &'static str,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Templates(Vec<Template>);

impl Report for Templates {
    const SCHEMA: &'static str = "templates/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "Available templates:\n")?;
        for template in &self.0 {
            writeln!(w, "{} - {}", template.name, template.description)?;
        }
        writeln!(w, "\nTemplates are used via the 'init' command, e.g.:\n\n  cargo alembic init --template generic")
    }
}

pub(super) fn run(_args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    cx.printer.report(&Templates(all()))?;
    Ok(Exit::Success)
}

/// Finds a template by name.
pub(super) fn find(name: &str) -> Result<Template, CommandError> {
    let templates = all();
    let names = quoted(templates.iter().map(|template| template.name));
    templates.into_iter().find(|template| template.name == name).ok_or_else(|| {
        CommandError::usage(format!("no such template `{name}`")).hint(Hint::Templates { templates: names })
    })
}

fn all() -> Vec<Template> {
    let text =
        |dir: &Dir<'static>, file: &str| dir.get_file(dir.path().join(file)).and_then(|file| file.contents_utf8());
    let mut templates: Vec<Template> = TEMPLATES
        .dirs()
        .filter_map(|dir| {
            Some(Template {
                name: dir.path().file_name()?.to_str()?,
                description: text(dir, "README.md")?.lines().next()?,
                settings: text(dir, "settings.toml")?,
            })
        })
        .collect();
    templates.sort_by_key(|template| template.name);
    templates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_valid() {
        let names: Vec<&str> = all().iter().map(|template| template.name).collect();
        assert_eq!(names, ["generic", "multidb", "sqlite"]);
        for template in all() {
            let manifest = crate::project::add_settings("[package]\nname = \"x\"\n", template.settings).unwrap();
            let config = alembic_graph::config::Config::from_manifest(&manifest).unwrap().unwrap();
            assert!(!config.migrations.is_empty(), "{}", template.name);
        }
    }
}
