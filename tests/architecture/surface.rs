//! What `alembic-runtime` promises to those who use it.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use syn::{ImplItem, Item, TraitItem, Visibility, spanned::Spanned};

use crate::{modules::leaves, sources};

/// Public modules beside the root.
const MODULES: [&str; 4] = ["cli", "prelude", "pure", "testing"];

#[test]
fn a_change_of_the_public_surface_is_seen() {
    let files: Vec<(String, String, syn::File)> = sources("alembic-runtime/src")
        .into_iter()
        .map(|(path, text)| {
            let path = path.to_string_lossy();
            let below = path.rsplit("alembic-runtime/src/").next().unwrap_or_default().to_owned();
            let file = syn::parse_file(&text).unwrap();
            (below, text, file)
        })
        .collect();
    let roots = files.iter().filter_map(|(path, text, file)| Some((public_module(path)?, text, file)));
    let exported: BTreeMap<&str, BTreeSet<String>> =
        roots.clone().map(|(module, _, file)| (module, exports(&file.items))).collect();
    let names: BTreeSet<String> = exported.values().flatten().cloned().collect();

    let mut surface: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, text, file) in roots {
        let lines = surface.entry(module).or_default();
        lines.extend(exported[module].iter().map(|name| format!("use {name}")));
        lines.extend(file.items.iter().flat_map(|item| declared(item, None, text)));
    }
    for (path, text, file) in &files {
        let folder = path.split('/').next().unwrap_or_default();
        let module = MODULES.into_iter().find(|module| *module == folder).unwrap_or("");
        let lines = surface.entry(module).or_default();
        lines.extend(file.items.iter().flat_map(|item| declared(item, Some(&names), text)));
    }
    let text: Vec<String> = surface
        .iter()
        .map(|(module, lines)| {
            let lines: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
            format!("alembic_runtime::{module}\n{}", lines.concat())
        })
        .collect();
    assert_snapshot!("surface", text.join("\n"));
}

/// Returns the public module whose exports a file lists: none for the others, nothing for the root.
fn public_module(path: &str) -> Option<&'static str> {
    let is = |module: &&str| path == format!("{module}.rs") || path == format!("{module}/mod.rs");
    if path == "lib.rs" { Some("") } else { MODULES.into_iter().find(is) }
}

/// Returns the names that a module exports from others.
fn exports(items: &[Item]) -> BTreeSet<String> {
    let mut paths = Vec::new();
    for item in items {
        if let Item::Use(item) = item
            && is_public(&item.vis, &item.attrs)
        {
            leaves(&item.tree, &mut Vec::new(), &mut paths);
        }
    }
    paths.into_iter().filter_map(|path| path.last().cloned()).collect()
}

/// Returns an item and its public parts, if its name is one of `names`, or if it is public where no names are given.
fn declared(item: &Item, names: Option<&BTreeSet<String>>, text: &str) -> Vec<String> {
    let wanted = |ident: &syn::Ident| names.is_none_or(|names| names.contains(&ident.to_string()));
    match item {
        Item::Struct(item) if is_public(&item.vis, &item.attrs) && wanted(&item.ident) => {
            let fields = item.fields.iter().filter(|field| is_public(&field.vis, &field.attrs));
            let fields = fields.map(|field| format!("{}.{}", item.ident, typed(field, text)));
            fields.chain([format!("struct {}{}", item.ident, source(&item.generics, text))]).collect()
        }
        Item::Enum(item) if is_public(&item.vis, &item.attrs) && wanted(&item.ident) => {
            let variants = item.variants.iter();
            let variants = variants.map(|variant| {
                let fields: Vec<String> = variant.fields.iter().map(|field| typed(field, text)).collect();
                match fields[..] {
                    [] => format!("{}::{}", item.ident, variant.ident),
                    _ => format!("{}::{} {{ {} }}", item.ident, variant.ident, fields.join(", ")),
                }
            });
            variants.chain([format!("enum {}", item.ident)]).collect()
        }
        Item::Trait(item) if is_public(&item.vis, &item.attrs) && wanted(&item.ident) => {
            let methods = item.items.iter().filter_map(|part| match part {
                TraitItem::Fn(method) if !is_hidden(&method.attrs) => {
                    Some(format!("{}::{}", item.ident, source(&method.sig, text)))
                }
                _ => None,
            });
            methods.chain([format!("trait {}", item.ident)]).collect()
        }
        Item::Fn(item) if is_public(&item.vis, &item.attrs) && wanted(&item.sig.ident) => vec![source(&item.sig, text)],
        Item::Type(item) if is_public(&item.vis, &item.attrs) && wanted(&item.ident) => {
            vec![format!("type {} = {}", item.ident, source(&item.ty, text))]
        }
        Item::Impl(item) if names.is_some() => {
            let syn::Type::Path(path) = &*item.self_ty else { return Vec::new() };
            let Some(of) = path.path.segments.last().filter(|last| wanted(&last.ident)) else { return Vec::new() };
            if let Some((_, path, _)) = &item.trait_ {
                return vec![format!("impl {} for {}", source(path, text), of.ident)];
            }
            let methods = item.items.iter().filter_map(|part| match part {
                ImplItem::Fn(method) if is_public(&method.vis, &method.attrs) => Some(&method.sig),
                _ => None,
            });
            methods.map(|method| format!("{}::{}", of.ident, source(method, text))).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns a field as `name: type`, or its type if it has no name.
fn typed(field: &syn::Field, text: &str) -> String {
    let own_type = source(&field.ty, text);
    field.ident.as_ref().map_or_else(|| own_type.clone(), |name| format!("{name}: {own_type}"))
}

fn is_public(visibility: &Visibility, attributes: &[syn::Attribute]) -> bool {
    matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes)
}

fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    let hidden = |attribute: &syn::Attribute| {
        attribute.path().is_ident("doc") && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    };
    attributes.iter().any(hidden)
}

/// Returns the text of a node, in one line.
fn source(node: &impl Spanned, text: &str) -> String {
    let text = text.get(node.span().byte_range()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
