//! Arguments of `#[alembic(…)]`: words, strings, pairs, calls.

use proc_macro2::Span;
use syn::{
    Ident, Lit, LitStr, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

/// One argument.
pub(super) enum Argument {
    /// `"lower(email)"`.
    Text(LitStr),
    /// `unique`, `created desc`, `users(id)`, `other.users(id)`.
    Word { schema: Option<Ident>, ident: Ident, arguments: Option<Vec<Self>>, descending: bool },
    /// `name = "ix"`, `deferrable = false`.
    Pair(Ident, Lit),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Text(input.parse()?));
        }
        let mut ident = Ident::parse_any(input)?;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self::Pair(ident, input.parse()?));
        }
        let mut schema = None;
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            schema = Some(std::mem::replace(&mut ident, Ident::parse_any(input)?));
        }
        let arguments = if input.peek(Paren) {
            let content;
            parenthesized!(content in input);
            Some(list(&content)?)
        } else {
            None
        };
        let mut descending = false;
        if input.peek(Ident::peek_any) {
            let order = Ident::parse_any(input)?;
            descending = order == "desc";
            if !descending && order != "asc" {
                return Err(syn::Error::new(order.span(), "expected `asc`, `desc` or a comma"));
            }
        }
        Ok(Self::Word { schema, ident, arguments, descending })
    }
}

/// Parses arguments that are separated by commas.
pub(super) fn list(input: ParseStream<'_>) -> syn::Result<Vec<Argument>> {
    Ok(Punctuated::<Argument, Token![,]>::parse_terminated(input)?.into_iter().collect())
}

impl Argument {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span(),
            Self::Word { ident, .. } | Self::Pair(ident, _) => ident.span(),
        }
    }

    /// Returns what it is called, if it has a name.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Text(_) => String::new(),
            Self::Word { ident, .. } | Self::Pair(ident, _) => ident.unraw().to_string(),
        }
    }

    /// Returns the text of a pair.
    pub(super) fn text(&self) -> syn::Result<String> {
        match self {
            Self::Pair(_, Lit::Str(text)) | Self::Text(text) => Ok(text.value()),
            _ => Err(syn::Error::new(self.span(), format!("expected `{} = \"…\"`", self.key()))),
        }
    }

    /// Returns the number of a pair.
    pub(super) fn number(&self) -> syn::Result<i64> {
        match self {
            Self::Pair(_, Lit::Int(number)) => number.base10_parse(),
            _ => Err(syn::Error::new(self.span(), format!("expected `{} = 1`", self.key()))),
        }
    }

    /// Returns the texts that a call is given.
    pub(super) fn texts(&self) -> syn::Result<Vec<String>> {
        self.arguments().iter().map(Self::text).collect()
    }

    /// Returns the arguments of a call; none if there are no parentheses.
    pub(super) fn arguments(&self) -> &[Self] {
        match self {
            Self::Word { arguments: Some(arguments), .. } => arguments,
            _ => &[],
        }
    }
}

/// Returns an error that names what was expected.
pub(super) fn unknown(argument: &Argument, what: &str, known: &[&str]) -> syn::Error {
    let key = argument.key();
    let near = alembic_sql::suggest::did_you_mean(&key, known.iter().copied());
    let expected =
        if near.is_empty() { format!("; expected one of {}", alembic_sql::wording::joined(known)) } else { near };
    syn::Error::new(argument.span(), format!("unknown {what} `{key}`{expected}"))
}
