//! Objects that are replaced as a whole: views, routines, triggers, policies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use alembic_sql::CreatedObject;

use super::{Name, Other, Schema};

/// Object that is made and dropped as a whole: its statements are all there is to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is called.
    pub key: ObjectKey,
    /// Statement that makes it, in the database's words.
    pub create: String,
    /// Statement that drops it.
    pub drop: String,
    /// What callers see of it: while that stays, `create` replaces it in place. None if it has to be dropped first.
    pub shape: Option<String>,
    /// What is made after it.
    pub parts: Vec<ObjectPart>,
    /// Objects without which it cannot be, and which cannot be dropped before it. PostgreSQL only.
    pub needs: Vec<ObjectKey>,
    /// Columns of tables that it names; without a column, tables. PostgreSQL only.
    pub columns: Vec<(Name, Option<String>)>,
    /// Whether a default, a check, an index or something else that is no object needs it, so that it cannot be dropped.
    /// PostgreSQL only.
    pub is_held: bool,
    /// Whether grants that nothing here says go with it.
    pub loses_grants: bool,
}

/// What an object is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Kind: `view`, `function`, `trigger`, ….
    pub kind: String,
    /// Name.
    pub name: Name,
    /// Types of the arguments, where routines may share a name.
    pub arguments: Option<String>,
    /// Table or view that it belongs to.
    pub table: Option<Name>,
}

/// Index, comment, grant or state of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPart {
    /// Statement that makes it.
    pub make: String,
    /// Statement that takes it back.
    pub unmake: String,
}

/// Kinds in the order in which they come where nothing else tells.
const KINDS: [&str; 11] = [
    "function",
    "procedure",
    "aggregate",
    "view",
    "materialized view",
    "rule",
    "trigger",
    "policy",
    "row security",
    "forced row security",
    "event",
];

impl Object {
    /// Returns an object of which nothing else is known.
    #[must_use]
    pub fn new(key: ObjectKey, create: String, drop: String) -> Self {
        Self {
            key,
            create,
            drop,
            shape: None,
            parts: Vec::new(),
            needs: Vec::new(),
            columns: Vec::new(),
            is_held: false,
            loses_grants: false,
        }
    }

    /// Returns whether it is made in the same way.
    #[must_use]
    pub fn is_made_like(&self, other: &Self) -> bool {
        self.key == other.key && self.create == other.create && self.parts == other.parts
    }

    /// Returns the statements that make it, with all that belongs to it.
    pub fn statements(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.create).chain(self.parts.iter().map(|part| &part.make))
    }

    /// Returns whether what is known as text is this object, or a part of it.
    #[must_use]
    pub fn is_known_as(&self, other: &Other) -> bool {
        let is_it = self.key.kind == other.kind && self.key.name == other.name;
        is_it || self.statements().any(|statement| *statement == other.definition)
    }

    /// Returns the words of its statements.
    fn words(&self) -> BTreeSet<String> {
        let texts = self.statements().flat_map(|text| text.split(|c| !is_word(c)));
        texts.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    }
}

impl ObjectKey {
    /// Returns the key of an object that belongs to no table and shares its name with none of its kind.
    #[must_use]
    pub fn new(kind: &str, name: Name) -> Self {
        Self { kind: kind.to_owned(), name, arguments: None, table: None }
    }

    /// Returns whether a statement that makes an object may be about this one. Case and a schema that one of both does not
    /// say do not count.
    #[must_use]
    pub fn may_be(&self, created: &CreatedObject) -> bool {
        let same = |name: &Name, other: &alembic_sql::Name| {
            let schemas = name.schema.as_ref().zip(other.schema.as_ref());
            name.name.eq_ignore_ascii_case(&other.name) && schemas.is_none_or(|(one, another)| one == another)
        };
        let tables = self.table.as_ref().zip(created.table.as_ref());
        self.kind == created.kind
            && same(&self.name, &created.name)
            && tables.is_none_or(|(one, other)| same(one, other))
    }

    fn rank(&self) -> usize {
        KINDS.iter().position(|kind| *kind == self.kind).unwrap_or(KINDS.len())
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, arguments, table } = self;
        match (arguments, table) {
            (Some(arguments), _) => write!(f, "{kind} `{name}({arguments})`"),
            (None, Some(table)) if table == name => write!(f, "{kind} of `{table}`"),
            (None, Some(table)) => write!(f, "{kind} `{name}` of `{table}`"),
            (None, None) => write!(f, "{kind} `{name}`"),
        }
    }
}

/// Returns whether a name has such a letter outside of quotes.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Sorts objects so that each follows those that it needs and, where that is no circle, those that its text mentions.
#[must_use]
pub fn in_order(objects: Vec<Object>) -> Vec<Object> {
    let order = order(&objects);
    let mut objects: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| objects[at].take()).collect()
}

/// Returns where each object is, in the order of [`in_order`].
#[must_use]
pub fn order(objects: &[Object]) -> Vec<usize> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, object) in objects.iter().enumerate() {
        named.entry(object.key.name.name.to_lowercase()).or_default().push(at);
    }
    let mut keys: BTreeMap<&ObjectKey, Vec<usize>> = BTreeMap::new();
    for (at, object) in objects.iter().enumerate() {
        keys.entry(&object.key).or_default().push(at);
    }
    let needs: Vec<Vec<usize>> = objects
        .iter()
        .map(|object| object.needs.iter().filter_map(|key| keys.get(key)).flatten().copied().collect())
        .collect();
    // A name that is no word is looked for as it is.
    let odd: Vec<(&String, &Vec<usize>)> = named.iter().filter(|(name, _)| !name.chars().all(is_word)).collect();
    let mentioned = |object: &Object| {
        let words = object.words();
        let plain = words.iter().filter_map(|word| named.get(word));
        let texts: Vec<String> =
            if odd.is_empty() { Vec::new() } else { object.statements().map(|text| text.to_lowercase()).collect() };
        let quoted = odd.iter().filter(|(name, _)| texts.iter().any(|text| text.contains(name.as_str())));
        plain.chain(quoted.map(|(_, objects)| *objects)).flatten().copied().collect()
    };
    let mentions: Vec<Vec<usize>> = objects.iter().map(mentioned).collect();
    let mut waiting: Vec<usize> = (0..objects.len()).collect();
    waiting.sort_by_key(|at| (objects[*at].key.rank(), &objects[*at].key));
    let mut is_placed = vec![false; objects.len()];
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_free = |of: &[Vec<usize>], at: usize| of[at].iter().all(|other| is_placed[*other] || *other == at);
        let free = waiting.iter().position(|at| is_free(&needs, *at) && is_free(&mentions, *at));
        let next = free.or_else(|| waiting.iter().position(|at| is_free(&needs, *at)));
        let next = waiting.remove(next.unwrap_or(0));
        is_placed[next] = true;
        order.push(next);
    }
    order
}

impl Schema {
    /// Returns the schema without those parts of tables that are objects, or parts of objects.
    #[must_use]
    pub fn without_objects(&self, objects: &[Object]) -> Self {
        let mut schema = self.clone();
        for table in &mut schema.tables {
            table.others.retain(|other| !objects.iter().any(|object| object.is_known_as(other)));
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, create: &str, needs: &[&str]) -> Object {
        let key = |name: &str| ObjectKey::new(kind, Name::from_plain(name));
        Object {
            needs: needs.iter().map(|name| key(name)).collect(),
            ..Object::new(key(name), create.to_owned(), format!("DROP {kind} {name}"))
        }
    }

    #[test]
    fn each_follows_what_it_needs_and_what_it_mentions() {
        let names = |objects: Vec<Object>| {
            in_order(objects).into_iter().map(|object| object.key.name.name).collect::<Vec<_>>().join(" ")
        };
        let needing =
            vec![object("view", "a", "", &["b"]), object("view", "b", "", &["c"]), object("view", "c", "", &[])];
        assert_eq!(names(needing), "c b a");
        let mentioning = vec![
            object("function", "f", "SELECT * FROM v", &[]),
            object("view", "v", "SELECT * FROM t", &[]),
            object("view", "a", "SELECT f()", &[]),
        ];
        assert_eq!(names(mentioning), "v f a");
        let odd = vec![object("view", "a", "SELECT * FROM \"Z b\"", &[]), object("view", "Z b", "", &[])];
        assert_eq!(names(odd), "Z b a");
        let circle = vec![object("view", "a", "b", &["b"]), object("view", "b", "a", &[])];
        assert_eq!(names(circle), "b a");
    }
}
