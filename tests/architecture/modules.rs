//! Modules depend on one another in one direction.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use harness::workspace;
use syn::visit::{self, Visit};

use crate::sources;

/// Crates, each with the dependencies that still make a circle: from which module to which.
const CRATES: [(&str, &[(&str, &str)]); 7] = [
    ("core/sql", &[]),
    ("core/schema", &[]),
    ("core/graph", &[]),
    ("core/models", &[]),
    ("alembic-macros", &[]),
    ("alembic-runtime", &[("diesel_table", "migrator"), ("migrations", "migrator"), ("op", "migrator")]),
    ("cargo-alembic", &[]),
];

/// Which modules of a crate each of its modules uses; modules are those of the crate's root, with all that is in them.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_make_no_circles() {
    for (folder, exceptions) in CRATES {
        let mut uses = uses(&format!("{folder}/src"));
        for (from, to) in exceptions {
            let found = uses.get_mut(*from).is_some_and(|uses| uses.remove(*to));
            assert!(found, "{folder}: {from} does not use {to} any more, which is good: take it off the list");
        }
        assert_eq!(circles(&uses), Uses::new(), "{folder}");
    }
}

/// Leaves out every module that uses nothing that is left, until none does.
fn circles(uses: &Uses) -> Uses {
    let mut left = uses.clone();
    loop {
        let before = left.len();
        let names: BTreeSet<String> = left.keys().cloned().collect();
        left.values_mut().for_each(|used| used.retain(|name| names.contains(name)));
        left.retain(|_, used| !used.is_empty());
        if left.len() == before {
            return left;
        }
    }
}

fn uses(folder: &str) -> Uses {
    let root = workspace().join(folder);
    let reexports = reexports(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut uses = Uses::new();
    for (path, text) in sources(folder) {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let mut module: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        module.retain(|name| name != "mod");
        if module == ["lib"] || module == ["main"] || module.last().is_some_and(|name| name == "tests") {
            continue;
        }
        let own = module[0].clone();
        let mut paths = Paths { module, found: Vec::new() };
        paths.visit_file(&syn::parse_file(&text).unwrap());
        let tops = paths.found.into_iter().map(|name| reexports.get(&name).cloned().unwrap_or(name));
        uses.entry(own.clone()).or_default().extend(tops.filter(|name| *name != own));
    }
    uses
}

/// Returns which module of the root each name comes from that the root exports.
fn reexports(lib: &str) -> BTreeMap<String, String> {
    let items = syn::parse_file(lib).unwrap().items;
    let trees = items.iter().filter_map(|item| if let syn::Item::Use(item) = item { Some(&item.tree) } else { None });
    let mut paths = Vec::new();
    trees.for_each(|tree| leaves(tree, &mut Vec::new(), &mut paths));
    let names = paths.into_iter().map(|mut path| {
        path.retain(|name| name != "crate");
        (path.last().cloned().unwrap_or_default(), path.first().cloned().unwrap_or_default())
    });
    names.filter(|(name, module)| name != module).collect()
}

/// The first names of the paths that leave a module, as seen from the root of the crate.
struct Paths {
    module: Vec<String>,
    found: Vec<String>,
}

impl Paths {
    fn path(&mut self, path: &[String]) {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let from_root = match path.first().map(String::as_str) {
            Some("crate") => path.get(1),
            Some("super") if ups == self.module.len() => path.get(ups),
            _ => None,
        };
        self.found.extend(from_root.cloned());
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        leaves(&item.tree, &mut Vec::new(), &mut paths);
        paths.iter().for_each(|path| self.path(path));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.path(&names);
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg") && item.ident == "tests") {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

pub(crate) fn leaves(tree: &syn::UseTree, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            leaves(&path.tree, prefix, paths);
            prefix.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, prefix, paths)),
        syn::UseTree::Name(name) if name.ident == "self" => paths.push(prefix.clone()),
        syn::UseTree::Name(name) => paths.push([prefix.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Rename(name) => paths.push([prefix.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Glob(_) => paths.push(prefix.clone()),
    }
}
