//! All mistakes of a source, not only the first.

/// Mistakes that were found so far.
#[derive(Default)]
pub(super) struct Problems(Option<syn::Error>);

impl Problems {
    /// Keeps a mistake, and goes on without what it is about.
    pub(super) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        let error = match result {
            Ok(found) => return Some(found),
            Err(error) => error,
        };
        self.join(Self(Some(error)));
        None
    }

    /// Takes over mistakes that were found elsewhere.
    pub(super) fn join(&mut self, others: Self) {
        match (&mut self.0, others.0) {
            (Some(all), Some(others)) => all.combine(others),
            (all, others) => *all = all.take().or(others),
        }
    }

    /// Returns what was read, if there was no mistake in it.
    pub(super) fn or<T>(self, read: T) -> syn::Result<T> {
        self.0.map_or(Ok(read), Err)
    }
}
