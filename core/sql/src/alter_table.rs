//! What `ALTER TABLE` makes and removes.

use super::{
    object::{Name, Object},
    reader::Reader,
};

/// Reads what follows `ALTER TABLE`: each object that is made (true) or removed. Nothing if running it twice is as good;
/// none if it is not known.
pub(super) fn alter_table(reader: &mut Reader<'_>) -> Option<Vec<(Object, bool)>> {
    if reader.takes(&["IF", "EXISTS"]) {
        return None;
    }
    reader.takes(&["ONLY"]);
    let table = reader.name()?;
    let mut effects = Vec::new();
    loop {
        effects.extend(alter_action(reader, &table)?);
        if !reader.skip_to_comma() {
            return Some(effects);
        }
    }
}

/// Returns what one action of `ALTER TABLE` makes or removes; nothing if running it twice is as
/// good, and none if it is not known.
fn alter_action(reader: &mut Reader<'_>, table: &Name) -> Option<Vec<(Object, bool)>> {
    match reader.keyword()?.as_str() {
        "ADD" => Some(added(reader, table)?.map(|object| (object, true)).into_iter().collect()),
        "DROP" => Some(dropped(reader, table)?.map(|object| (object, false)).into_iter().collect()),
        "CHANGE" => {
            reader.takes(&["COLUMN"]);
            let (from, to) = (reader.name()?.name, reader.name()?.name);
            let same = from.eq_ignore_ascii_case(&to);
            let column = |name| Object::Column(table.clone(), name);
            Some(if same { Vec::new() } else { vec![(column(from), false), (column(to), true)] })
        }
        "RENAME" => renamed(reader, table),
        "MODIFY" | "ALTER" | "ENGINE" | "COMMENT" | "CONVERT" | "DEFAULT" | "CHARACTER" | "CHARSET" | "COLLATE"
        | "ROW_FORMAT" | "AUTO_INCREMENT" | "ALGORITHM" | "LOCK" | "FORCE" | "VALIDATE" => Some(Vec::new()),
        _ => None,
    }
}

fn index(table: &Name, name: String) -> Object {
    Object::Index(Some(table.clone()), Name { schema: None, name })
}

/// Returns what `ADD` makes; no object if it is as good twice, and none if it is not known.
fn added(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    if reader.takes(&["PRIMARY", "KEY"]) {
        return Some(Some(Object::PrimaryKey(table.clone())));
    }
    // Without name it gets one that only the server knows.
    if reader.takes(&["FOREIGN", "KEY"]) || reader.takes_one(&["CHECK", "PARTITION", "PERIOD", "SYSTEM"]) {
        return None;
    }
    if reader.takes(&["CONSTRAINT"]) {
        return constraint(reader, table);
    }
    let unusual = reader.takes_one(&["UNIQUE", "FULLTEXT", "SPATIAL"]);
    if reader.takes_one(&["INDEX", "KEY"]) || unusual {
        return reader.unless_conditional(|reader| Some(index(table, reader.own_name()?.name)));
    }
    reader.takes(&["COLUMN"]);
    reader.unless_conditional(|reader| Some(Object::Column(table.clone(), reader.name()?.name)))
}

fn constraint(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    let object =
        reader.unless_conditional(|reader| Some(Object::Constraint(table.clone(), reader.own_name()?.name)))?;
    // MySQL knows it by one name only, whatever it is called.
    let primary = object.is_some() && reader.takes(&["PRIMARY", "KEY"]);
    Some(if primary { Some(Object::PrimaryKey(table.clone())) } else { object })
}

/// Returns what `DROP` removes; no object if it is as good twice, and none if it is not known.
fn dropped(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    if reader.takes(&["PRIMARY", "KEY"]) {
        return Some(Some(Object::PrimaryKey(table.clone())));
    }
    if reader.takes_one(&["PARTITION", "PERIOD", "SYSTEM"]) {
        return None;
    }
    if reader.takes(&["FOREIGN", "KEY"]) || reader.takes_one(&["CONSTRAINT", "CHECK"]) {
        return reader.unless_conditional(|reader| Some(Object::Constraint(table.clone(), reader.name()?.name)));
    }
    if reader.takes_one(&["INDEX", "KEY"]) {
        return reader.unless_conditional(|reader| Some(index(table, reader.name()?.name)));
    }
    reader.takes(&["COLUMN"]);
    reader.unless_conditional(|reader| Some(Object::Column(table.clone(), reader.name()?.name)))
}

fn renamed(reader: &mut Reader<'_>, table: &Name) -> Option<Vec<(Object, bool)>> {
    let is_column = reader.takes(&["COLUMN"]);
    if !is_column && !reader.takes_one(&["INDEX", "KEY"]) {
        reader.takes_one(&["TO", "AS"]);
        return Some(vec![(Object::Relation(table.clone()), false), (Object::Relation(reader.name()?), true)]);
    }
    let from = reader.name()?.name;
    reader.takes(&["TO"]).then_some(())?;
    let to = reader.name()?.name;
    let object = |name| if is_column { Object::Column(table.clone(), name) } else { index(table, name) };
    Some(vec![(object(from), false), (object(to), true)])
}
