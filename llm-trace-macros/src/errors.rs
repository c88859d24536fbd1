//! Decides from the return type which errors `error_type` can read.

use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{Path, PathArguments, TraitBound, Type, TypePath};

use crate::returns::{argument_of, first_argument, type_arguments};

/// The errors that `error_type` is applied to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    /// The error that the function returns. Without a stream this is always set, and the compiler reports a missing
    /// error.
    pub(crate) own: bool,
    /// Errors among the items of a stream. Set if the items are `Result`s and every error that the function returns is
    /// written with the same type.
    pub(crate) items: bool,
}

impl Asked {
    /// Compares the types as written: a macro cannot resolve them.
    pub(crate) fn of(ty: &Type) -> Self {
        let mut find = FindItem(None);
        find.visit_type(ty);
        let around: Vec<_> = std::iter::successors(Some(ty), |ty| first_argument(ty)).filter_map(error_of).collect();
        let of_items = find.0.as_ref().and_then(error_of);
        let items = of_items.is_some_and(|of_items| around.iter().all(|error| *error == of_items));
        Asked { own: !items || !around.is_empty(), items }
    }
}

/// The error type of a `Result` as written. For a `Result` alias with one argument this is the alias.
fn error_of(ty: &Type) -> Option<String> {
    let path = match ty {
        Type::Paren(paren) => return error_of(&paren.elem),
        Type::Group(group) => return error_of(&group.elem),
        Type::Path(TypePath { path, .. }) => path,
        _ => return None,
    };
    let is_result = path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Result"));
    is_result.then(|| match type_arguments(path).nth(1) {
        Some(error) => error.to_token_stream().to_string(),
        None => without_arguments(path).to_token_stream().to_string(),
    })
}

fn without_arguments(path: &Path) -> Path {
    let mut path = path.clone();
    path.segments.iter_mut().for_each(|segment| segment.arguments = PathArguments::None);
    path
}

/// Finds the item type of the first stream in a type.
struct FindItem(Option<Type>);

impl<'t> Visit<'t> for FindItem {
    fn visit_trait_bound(&mut self, bound: &'t TraitBound) {
        if bound.path.segments.last().is_some_and(|last| last.ident == "Stream") && self.0.is_none() {
            self.0 = argument_of(bound, "Item").cloned();
        }
        visit::visit_trait_bound(self, bound);
    }

    fn visit_path(&mut self, path: &'t Path) {
        let named =
            path.segments.last().is_some_and(|last| last.ident == "BoxStream" || last.ident == "LocalBoxStream");
        if named && self.0.is_none() {
            self.0 = type_arguments(path).next().cloned();
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn error_type_reads_item_errors_of_the_same_type() {
        for (ty, own, items) in [
            ("impl Stream<Item = Result<Bytes, Failed>>", false, true),
            ("Result<impl Stream<Item = Result<Bytes, Failed>>, Failed>", true, true),
            ("Result<impl Stream<Item = Result<Bytes, Other>>, Failed>", true, false),
            ("Result<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>>", true, false),
            ("io::Result<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>>", true, true),
            ("Option<BoxStream<'static, Result<Bytes, Failed>>>", false, true),
            ("impl Stream<Item = Bytes>", true, false),
            ("Result<Bytes, Failed>", true, false),
            ("MyStream<Result<Bytes, Failed>>", true, false),
        ] {
            assert_eq!(Asked::of(&syn::parse_str(ty).expect("a type")), Asked { own, items }, "{ty}");
        }
    }
}
