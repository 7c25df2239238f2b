//! `table!`: what is ours is checked and taken out, the rest is Diesel's.

use alembic_models::TableMacro;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

/// Diesel gets the table in any case, so that one mistake does not look like many.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let wrong = syn::parse2::<TableMacro>(tokens.clone()).err().map(|error| error.to_compile_error());
    let table = without_ours(tokens);
    quote! {
        #wrong
        ::diesel::table! { #table }
    }
}

/// Takes each `#[alembic(…)]` out.
fn without_ours(tokens: TokenStream) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match (&token, rest.peek()) {
            (TokenTree::Punct(mark), Some(TokenTree::Group(group))) if mark.as_char() == '#' && is_ours(group) => {
                rest.next();
            }
            (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Brace => {
                let mut inner = Group::new(Delimiter::Brace, without_ours(group.stream()));
                inner.set_span(group.span());
                kept.extend([TokenTree::Group(inner)]);
            }
            _ => kept.extend([token]),
        }
    }
    kept
}

fn is_ours(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(ident)) if ident == "alembic") && group.delimiter() == Delimiter::Bracket
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn diesel_gets_what_is_its_own() {
        let tokens = quote! {
            #[doc = "Users."]
            #[alembic(index(email))]
            users (id) {
                #[alembic(identity)]
                id -> BigInt,
                #[sql_name = "e-mail"]
                #[alembic(unique, default = "''")]
                email -> Text,
            }
        };
        assert_snapshot!(expand(tokens).to_string(), @r#":: diesel :: table ! { # [doc = "Users."] users (id) { id -> BigInt , # [sql_name = "e-mail"] email -> Text , } }"#);
    }

    #[test]
    fn mistakes_are_told_before_diesel_sees_the_table() {
        let message = |tokens: TokenStream| {
            syn::parse2::<TableMacro>(tokens).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_snapshot!(message(quote!(#[alembic(index(emial))] users (id) { id -> BigInt, email -> Text })), @"there is no column `emial`; did you mean `email`?");
        assert_snapshot!(message(quote!(users (id) { #[alembic(defualt = "1")] id -> BigInt })), @"unknown attribute of a column `defualt`; did you mean `default`?");
        assert_snapshot!(message(quote!(users (id) { #[alembic(references(orgs))] id -> BigInt })), @"expected `table(column)`");
        assert_snapshot!(message(quote!(users (id) { #[alembic(references(orgs(id), on_delete = "explode"))] id -> BigInt })), @"`explode` is none of cascade, restrict, set null, set default, no action");
        assert_snapshot!(message(quote!(#[alembic(foreign_key(a, references(orgs(x, y))))] users (a) { a -> BigInt })), @"both sides need the same number of columns");
        assert_snapshot!(message(quote!(users { name -> Text })), @"a table without a column `id` has to name its primary key");
        assert_snapshot!(message(quote!(users (nme) { name -> Text })), @"there is no column `nme`");
        assert!(expand(quote!(users { name -> Text })).to_string().contains("compile_error"));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let tokens = quote! {
            #[alembic(index(emial), colour = "red")]
            #[alembic(uniqe(email))]
            users (nme, nr) {
                #[alembic(defualt = "1", references(orgs))]
                #[max_length = "many"]
                id -> BigInt,
                #[alembic(defualt = "1", references(orgs))]
                #[alembic(identity = 3)]
                email -> (Text,),
            }
        };
        let error = syn::parse2::<TableMacro>(tokens.clone()).err().unwrap();
        let messages: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
        assert_snapshot!(messages.join("\n"), @"
        there is no column `emial`; did you mean `email`?
        unknown attribute of a table `colour`; expected one of unique, index, foreign_key, check, primary_key, comment, options, renamed_from
        unknown attribute of a table `uniqe`; did you mean `unique`?
        there is no column `nme`
        there is no column `nr`
        expected a literal
        unknown attribute of a column `defualt`; did you mean `default`?
        expected `table(column)`
        expected a type of Diesel
        unknown attribute of a column `defualt`; did you mean `default`?
        expected `table(column)`
        expected `identity` or `identity(always)`
        ");
        assert_eq!(expand(tokens).to_string().matches("compile_error").count(), messages.len());
    }
}
