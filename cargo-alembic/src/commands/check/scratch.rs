//! What running the revisions shows.

use alembic_graph::{Hint, Node};
use alembic_models::Models;
use alembic_runtime::{MigrationBackend, cli::CommandError};
use alembic_schema::{
    Schema,
    diff::{Change, Difference, HazardKind, residue},
};
use alembic_sql::wording::count;
use diesel::connection::LoadConnection;

use super::{Finding, Passed, Said};
use crate::{
    autogenerate::{Before, Comparing, ToldObject},
    connect::Job,
    context::Context,
    look::{dialect_of, inspection, look, look_everywhere},
    project::{Project, snapshot},
    replay::Replay,
    scratch::ScratchServer,
};

/// What was found.
pub(super) struct Found {
    /// Whether every revision applies.
    pub(super) applied: bool,
    pub(super) replay: Said,
    /// Whether the round trips ended at a revision that did not apply, after others had been undone.
    did_not_apply: bool,
    /// None if it was not looked at.
    pub(super) roundtrip: Option<Said>,
    /// None if there are no models.
    pub(super) models: Option<Said>,
}

/// Applies all revisions to a scratch database, once; undoes and applies again those that are not in `old`.
pub(super) fn run(
    cx: &mut Context<'_>,
    project: &Project,
    server: &ScratchServer,
    models: Option<&Models>,
    roundtrip: bool,
    old: &[Node],
) -> Result<Found, CommandError> {
    let mut run = |roundtrip: bool| {
        let (replay, scratch) = Replay::prepare(cx, project, server)?;
        scratch.run(Running { replay: &replay, models, roundtrip, old })
    };
    let found = run(roundtrip)?;
    let Some(Err(findings)) = found.roundtrip else { return Ok(found) };
    // What a downgrade left behind, or took with it, makes the rest fail.
    let rest = run(false)?;
    // A revision that does not apply to an empty database either is the fault of no downgrade.
    let roundtrip = (rest.applied || !found.did_not_apply).then_some(Err(findings));
    Ok(Found { roundtrip, ..rest })
}

struct Running<'a> {
    replay: &'a Replay<'a>,
    models: Option<&'a Models>,
    roundtrip: bool,
    old: &'a [Node],
}

impl Job for Running<'_> {
    type Done = Found;

    fn run<C>(self, conn: &mut C) -> Result<Found, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let mut trips = Trips::default();
        let mut found = Found {
            applied: false,
            replay: Ok(String::new().into()),
            did_not_apply: false,
            roundtrip: None,
            models: None,
        };
        if self.roundtrip {
            match self.round_trips(conn, &mut trips) {
                Err(error) if trips.tried == 0 => {
                    found.replay = Err(vec![Finding::of_error(&error)]);
                    return Ok(found);
                }
                Err(error) => {
                    found.did_not_apply = true;
                    trips.findings =
                        vec![broken_by_downgrades(&error, "once earlier revisions were undone and applied again")];
                }
                Ok(()) => {}
            }
            let result = trips.result(self.replay.project.graph.len());
            let failed = result.is_err();
            found.roundtrip = Some(result);
            if failed {
                return Ok(found);
            }
        }
        if let Err(error) = self.replay.upgrade(conn, "heads") {
            found.replay = Err(vec![Finding::of_error(&error)]);
            return Ok(found);
        }
        let project = self.replay.project;
        let inspection = inspection(project, self.models);
        let schema = look(conn, &inspection)?;
        let dialect = dialect_of(conn)?;
        found.applied = true;
        found.replay = match snapshot::is_stale(project, &schema, dialect) {
            Some(finding) => {
                Err(vec![Finding::new(finding).at(&snapshot::name(project, dialect), 1).hint(Hint::SnapshotIsStale)])
            }
            None if project.graph.is_empty() => Ok(Passed::Nothing("there are no revisions".to_owned())),
            None => Ok(format!("{} on {dialect}", count(project.graph.len(), "revision")).into()),
        };
        if let Some(models) = self.models {
            let comparing = Comparing { replay: self.replay, models, before: Before::Migrations, ask: &mut |_| false };
            let result = comparing.settle(conn, schema, inspection);
            found.models = Some(match result.and_then(|compared| compared.all_differences(conn)) {
                Ok((tables, objects)) => wanted(project, models, &tables, objects),
                Err(error) => Err(vec![Finding::of_error(&error)]),
            });
        }
        Ok(found)
    }
}

/// Turns what the models and the files of objects want into findings, each where it is said.
fn wanted(project: &Project, models: &Models, differences: &[Difference], objects: Vec<ToldObject>) -> Said {
    if differences.is_empty() && objects.is_empty() {
        let tables = count(models.tables.len(), "table");
        let also = if project.has_objects() { ", and objects," } else { "" };
        return Ok(format!("{tables}{also} as the migrations leave them").into());
    }
    let message = |difference: &dyn std::fmt::Display| Finding::new(format!("not in the migrations: {difference}"));
    let finding = |difference: &Difference| {
        let table = models.table(&difference.table);
        let column =
            table.and_then(|table| table.columns.iter().find(|column| Some(&column.name) == difference.part.as_ref()));
        match column.map(|column| &column.place).or_else(|| table.map(|table| &table.place)) {
            Some(place) => message(difference).at(&place.file, place.line),
            None => message(difference),
        }
    };
    let mut findings: Vec<Finding> = differences.iter().map(finding).collect();
    findings.extend(objects.into_iter().map(|ToldObject { difference, place }| match place {
        Some((file, line)) => message(&difference).at(&file, line),
        None => message(&difference),
    }));
    if let Some(last) = findings.pop() {
        findings.push(last.hint(way_out(models, differences)));
    }
    Err(findings)
}

/// Either the revisions or the models are to follow: what the models lack, a generated revision would drop.
fn way_out(models: &Models, differences: &[Difference]) -> Hint {
    let lacking = differences.iter().find(|difference| difference.change == Change::Removed);
    let file_of = |difference: &Difference| {
        let table = models.table(&difference.table).or_else(|| models.tables.first());
        table.map(|table| table.place.file.clone())
    };
    match lacking.and_then(file_of) {
        Some(file) => Hint::UpdateModels { file },
        None => Hint::Autogenerate,
    }
}

/// What round trips showed.
#[derive(Default)]
struct Trips {
    tried: usize,
    irreversible: usize,
    findings: Vec<Finding>,
}

impl Trips {
    /// `revisions` is how many there are.
    fn result(self, revisions: usize) -> Said {
        if !self.findings.is_empty() {
            return Err(self.findings);
        }
        let (tried, irreversible) = (count(self.tried, "revision"), count(self.irreversible, "revision"));
        match (self.tried, self.irreversible) {
            (0, 0) if revisions == 0 => Ok(Passed::Nothing("there are no revisions".to_owned())),
            (0, 0) => Ok(Passed::Nothing("no revision is new".to_owned())),
            (0, _) => Ok(Passed::Nothing(format!("{irreversible}, none with a downgrade"))),
            (_, 0) => Ok(format!("{tried} undone and applied again").into()),
            (_, n) => Ok(format!("{tried} undone and applied again, {n} irreversible").into()),
        }
    }
}

impl Running<'_> {
    /// An error is a revision that does not apply.
    fn round_trips<C>(&self, conn: &mut C, trips: &mut Trips) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let project = self.replay.project;
        let graph = &project.graph;
        let mut before: Option<Schema> = None;
        for node in graph.nodes().filter(|node| !self.old.contains(node)) {
            if graph.revision(node).downgrade.is_none() {
                trips.irreversible += 1;
                before = None;
                continue;
            }
            if before.is_none() {
                for parent in graph.all_parents(node) {
                    self.replay.upgrade(conn, graph.id(parent))?;
                }
            }
            let found = self.round_trip(conn, node, before.take())?;
            trips.tried += 1;
            if !found.is_empty() {
                // What is left behind would fail everything after it.
                trips.findings = found;
                return Ok(());
            }
            if graph.heads().len() == 1 {
                before = Some(look_everywhere(conn, project)?.0);
            }
        }
        Ok(())
    }

    /// Applies a revision, undoes it, compares, and applies it again if all is as before.
    fn round_trip<C>(&self, conn: &mut C, node: Node, before: Option<Schema>) -> Result<Vec<Finding>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let project = self.replay.project;
        let revision = project.graph.revision(node);
        let dialect = dialect_of(conn)?;
        let before = before.map_or_else(|| look_everywhere(conn, project).map(|(schema, _)| schema), Ok)?;
        self.replay.upgrade(conn, &revision.id)?;
        let place = |finding: Finding| finding.at(&revision.path, project.downgrade_line(node));
        if let Err(error) = self.replay.undo(conn, node) {
            let finding = Finding::of_error(&error);
            return Ok(vec![if finding.at.is_some() { finding } else { place(finding) }]);
        }
        let (now, _) = look_everywhere(conn, project)?;
        let found: Vec<Finding> = residue(&before, &now, dialect)
            .into_iter()
            .map(|text| Finding::new(format!("the downgrade of `{}` does not restore the schema: {text}", revision.id)))
            .map(|finding| place(finding).hazard(HazardKind::NotRestored).hint(Hint::DowngradeIsNoInverse))
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        match self.replay.upgrade(conn, &revision.id) {
            Ok(()) => Ok(Vec::new()),
            Err(error) => {
                Ok(vec![place(broken_by_downgrades(&error, &format!("after the downgrade of `{}`", revision.id)))])
            }
        }
    }
}

/// An upgrade that fails because of what downgrades did before.
fn broken_by_downgrades(error: &CommandError, when: &str) -> Finding {
    let finding = Finding::of_error(error);
    let message = format!("{when}: {}", finding.message);
    Finding { message, hints: Vec::new(), ..finding }.hint(Hint::DowngradeIsNoInverse)
}
