//! `embed_migrations!`.

use std::path::PathBuf;

use alembic_graph::{Collection, Graph, Problem, config::Config, image::encode};
use alembic_schema::TableFilter;
use alembic_sql::{Dialect, wording::quoted};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Ident, LitBool, LitStr, Token,
    parse::{Parse, ParseStream},
};

use crate::folder::{File, Folder};

/// The arguments of the macro.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arguments {
    source: Source,
    /// Instead of the setting `follow-links`.
    follow_links: Option<bool>,
}

/// Whose migrations are embedded.
#[derive(Debug, Default, PartialEq, Eq)]
enum Source {
    /// Those of the package.
    #[default]
    Package,
    /// Those of a folder.
    Path(String),
    /// Those of a named database.
    Database(String),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let is_first = arguments.source == Source::Package;
            if input.peek(LitStr) && is_first {
                arguments.source = Source::Path(input.parse::<LitStr>()?.value());
            } else {
                let name: Ident = input.parse()?;
                input.parse::<Token![=]>()?;
                match name.to_string().as_str() {
                    "database" if is_first => {
                        arguments.source = Source::Database(input.parse::<LitStr>()?.value());
                    }
                    "follow_links" if arguments.follow_links.is_none() => {
                        arguments.follow_links = Some(input.parse::<LitBool>()?.value);
                    }
                    _ => return Err(syn::Error::new(name.span(), EXPECTED)),
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

const EXPECTED: &str = "expected a path or `database = \"name\"`, and `follow_links = true`, each once";

/// Expands the macro for the package that is being compiled.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let span = Span::call_site();
    let arguments: Arguments = syn::parse2(input)?;
    #[expect(clippy::disallowed_methods, reason = "Cargo tells a macro in no other way which package it expands for")]
    let root = std::env::var("CARGO_MANIFEST_DIR")
        .map_err(|_| syn::Error::new(span, "CARGO_MANIFEST_DIR is not set; compile with Cargo"))?;
    expand_in(PathBuf::from(root), &arguments).map_err(|messages| combined(span, &messages))
}

/// Expands the macro for the package at `root`, or returns everything that is wrong.
fn expand_in(root: PathBuf, arguments: &Arguments) -> Result<TokenStream, Vec<String>> {
    let folder = Folder::new(root);
    let config = configuration(&folder, arguments).map_err(|message| vec![message])?;
    let files = folder.files(&config).map_err(|message| vec![message])?;
    let passed_over = folder.passed_over(&config);
    if !passed_over.is_empty() {
        return Err(messages(&passed_over));
    }
    let contents = files.iter().map(|file| (file.name.as_str(), file.content.as_slice()));
    let collection = Collection::read(contents).map_err(|problems| messages(&problems))?;
    one_head(&collection.graph)?;
    let (lock_path, lock) = folder.lock(&config.migrations).map_err(|message| vec![message])?;
    let differences = collection.missing_from(&lock);
    if !differences.is_empty() {
        return Err(messages(&differences));
    }
    let seeds = folder.seeds(&config).map_err(|message| vec![message])?;
    // Cargo builds again for a new dependency, not for new metadata.
    let snapshots = folder.snapshots(&config.migrations);
    let mut watched = vec![folder.manifest(), lock_path];
    watched.extend(snapshots.iter().map(|(.., path)| path.clone()));
    let besides = [embedded_seeds(&seeds), with_snapshots(&snapshots, &config)].into_iter().collect();
    Ok(emit(&collection, &config, &watched, &files, &besides))
}

fn configuration(folder: &Folder, arguments: &Arguments) -> Result<Config, String> {
    let config = folder.config()?;
    let config = match &arguments.source {
        Source::Package => config,
        Source::Path(path) => Config { migrations: vec![path.trim_end_matches('/').to_owned()], ..config },
        Source::Database(name) => config
            .database(name)
            .cloned()
            .ok_or_else(|| format!("Cargo.toml has no [package.metadata.alembic.databases.{name}]"))?,
    };
    Ok(Config { follow_links: arguments.follow_links.unwrap_or(config.follow_links), ..config })
}

fn one_head(graph: &Graph) -> Result<(), Vec<String>> {
    let heads = graph.heads();
    if heads.len() < 2 {
        return Ok(());
    }
    let named = heads.iter().map(|head| graph.revision(*head)).map(|r| format!("{} ({})", r.id, r.path));
    Err(vec![format!(
        "the migrations have {} heads: {}; join them with `cargo alembic merge heads -m \"…\"`",
        heads.len(),
        quoted(named)
    )])
}

/// Two constants with everything in them, and the files for Cargo to watch.
fn emit(
    collection: &Collection,
    config: &Config,
    watched: &[PathBuf],
    files: &[File],
    besides: &TokenStream,
) -> TokenStream {
    let (text, table) = encode(&collection.graph, &config.settings, &config.migrations, |revision| {
        collection.script(revision).cloned().expect("the graph was made from these scripts")
    });
    let (text, table) = (Literal::string(&text), Literal::byte_string(&table));
    let (modules, code) = functions(collection, files);
    let watched = watched.iter().chain(files.iter().map(|file| &file.path)).map(|path| path.display().to_string());
    quote! {{
        const _: &[&[u8]] = &[#(::core::include_bytes!(#watched)),*];
        #modules
        ::alembic_runtime::Migrations::embedded(#text, #table)
            #code
            #besides
            .application(::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION"))
    }}
}

/// Compiles the revisions in Rust as modules, and finds their functions by revision.
fn functions(collection: &Collection, files: &[File]) -> (TokenStream, TokenStream) {
    let revisions = collection.graph.nodes().map(|node| collection.graph.revision(node));
    let in_rust = revisions.filter_map(|revision| {
        let code = collection.script(revision)?.code.as_ref()?;
        let file = files.iter().find(|file| file.name == revision.path)?;
        Some((revision, code, file.path.display().to_string()))
    });
    let (mut modules, mut arms) = (TokenStream::new(), TokenStream::new());
    for (revision, code, path) in in_rust {
        let (id, module) = (&revision.id, format_ident!("revision_{}", revision.id));
        modules.extend(quote! {
            // The shape of the functions is ours, and so is the header; lints on the rest are the application's.
            #[allow(
                unreachable_pub,
                clippy::doc_markdown,
                clippy::missing_const_for_fn,
                clippy::needless_pass_by_ref_mut,
                clippy::too_long_first_doc_paragraph,
                clippy::unnecessary_wraps
            )]
            #[path = #path]
            mod #module;
        });
        let downgrade = match code.downgrade_line {
            Some(_) => quote!(::core::option::Option::Some(#module::downgrade)),
            None => quote!(::core::option::Option::None),
        };
        arms.extend(quote! {
            #id => ::core::option::Option::Some(::alembic_runtime::__private::Code {
                upgrade: #module::upgrade,
                downgrade: #downgrade,
            }),
        });
    }
    if arms.is_empty() {
        return (modules, TokenStream::new());
    }
    let code = quote! {
        .with_code(|revision| match revision {
            #arms
            _ => ::core::option::Option::None,
        })
    };
    (modules, code)
}

fn with_snapshots(snapshots: &[(Dialect, String, PathBuf)], config: &Config) -> TokenStream {
    if snapshots.is_empty() {
        return TokenStream::new();
    }
    let pairs = snapshots.iter().map(|(dialect, fingerprint, _)| (dialect.name(), fingerprint));
    let (dialects, fingerprints): (Vec<_>, Vec<_>) = pairs.unzip();
    let TableFilter { include, exclude } = &config.tables;
    quote! {
        .with_snapshots(::alembic_runtime::__private::Snapshots {
            fingerprints: &[#((#dialects, #fingerprints)),*],
            include: &[#(#include),*],
            exclude: &[#(#exclude),*],
        })
    }
}

fn embedded_seeds(seeds: &[File]) -> TokenStream {
    if seeds.is_empty() {
        return TokenStream::new();
    }
    let names = seeds.iter().map(|seed| &seed.name);
    let paths = seeds.iter().map(|seed| seed.path.display().to_string());
    quote! {
        .embedded_seeds(&[#((#names, ::core::include_str!(#paths))),*])
    }
}

fn messages(problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|problem| match &problem.hint {
            Some(hint) => format!("{problem}\n{hint}"),
            None => problem.to_string(),
        })
        .collect()
}

/// Returns one error with all messages: where an expression is expected, there is room for one `compile_error!` only.
fn combined(span: Span, messages: &[String]) -> syn::Error {
    syn::Error::new(span, messages.join("\n"))
}

#[cfg(test)]
mod tests;
