//! Classifies a return type by its syntax.

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{
    AssocType, Error, GenericArgument, Path, PathArguments, Result, ReturnType, Token, TraitBound, Type, TypeImplTrait,
    TypeParamBound, parse_quote,
};

use crate::errors::Asked;

/// The traits that make a returned `impl` a stream.
const STREAMS: [&str; 3] = ["Stream", "FusedStream", "TryStream"];

/// The shape of a returned value, as far as its syntax shows it.
pub(crate) enum Shape {
    /// The type contains no `impl Future` or `impl Stream`: the library selects the shape by type.
    ByType,
    /// `impl Stream` inside `depth` `Result`s or `Option`s, with its item type or `_`.
    Stream { depth: usize, item: Box<Type> },
    /// `impl Stream` inside another type, where no wrapper can replace it.
    HiddenStream,
    /// `impl Future`, with its output type.
    Future { output: Box<Returned> },
}

/// A return type.
pub(crate) struct Returned {
    pub(crate) shape: Shape,
    /// The type with each `impl Trait` replaced by `_`.
    pub(crate) ty: Type,
    /// Whether the type can be named: it contains no `impl Trait`.
    pub(crate) named: bool,
    /// The errors that `error_type` is applied to.
    pub(crate) asked: Asked,
}

impl Returned {
    pub(crate) fn new(output: &ReturnType) -> Result<Self> {
        match output {
            ReturnType::Default => Ok(Returned {
                shape: Shape::ByType,
                ty: parse_quote!(()),
                named: true,
                asked: Asked { own: true, items: false },
            }),
            ReturnType::Type(_, ty) => Self::of(ty),
        }
    }

    fn of(ty: &Type) -> Result<Self> {
        let mut erased = ty.clone();
        let named = !erase(&mut erased);
        let asked = Asked::of(ty);
        if let Some((opaque, bound)) = opaque(ty, "Future") {
            only(opaque, &["Future", "Send", "Sync", "Unpin"], "Future")?;
            let output = match argument_of(bound, "Output") {
                Some(output) => Self::of(output)?,
                None => Self::new(&ReturnType::Default)?,
            };
            return Ok(Returned { shape: Shape::Future { output: Box::new(output) }, ty: erased, named, asked });
        }
        let mut depth = 0;
        let mut inner = ty;
        loop {
            if let Some((opaque, bound)) = STREAMS.iter().find_map(|name| self::opaque(inner, name)) {
                only(opaque, &["Stream", "TryStream", "FusedStream", "Send", "Sync", "Unpin"], "Stream")?;
                let mut item = argument_of(bound, "Item").cloned().unwrap_or_else(|| parse_quote!(_));
                erase(&mut item);
                let shape = Shape::Stream { depth, item: Box::new(item) };
                return Ok(Returned { shape, ty: erased, named, asked });
            }
            match first_argument(inner) {
                Some(argument) => inner = argument,
                None => break,
            }
            depth += 1;
        }
        let mut find = FindStream(false);
        find.visit_type(ty);
        let shape = if find.0 { Shape::HiddenStream } else { Shape::ByType };
        Ok(Returned { shape, ty: erased, named, asked })
    }
}

/// The `impl Trait` that the type is, if the trait `name` is among its bounds.
fn opaque<'t>(ty: &'t Type, name: &str) -> Option<(&'t TypeImplTrait, &'t TraitBound)> {
    let ty = match ty {
        Type::Paren(paren) => return opaque(&paren.elem, name),
        Type::Group(group) => return opaque(&group.elem, name),
        Type::ImplTrait(ty) => ty,
        _ => return None,
    };
    ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) if is(&bound.path, name) => Some((ty, bound)),
        _ => None,
    })
}

fn is(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// Rejects bounds that the wrapper of the opaque type does not implement.
fn only(ty: &TypeImplTrait, known: &[&str], what: &str) -> Result<()> {
    for bound in &ty.bounds {
        match bound {
            TypeParamBound::Trait(bound) if !known.iter().any(|name| is(&bound.path, name)) => {
                let (call, also) = if what == "Stream" {
                    ("LlmCall::current().stream(..)", "`FusedStream`, ")
                } else {
                    ("LlmCall::builder(..)", "")
                };
                let message = format!(
                    "the {} that `#[llm_call]` returns in place of this one is `{what}`, {also}`Send`, `Sync` and \
                     `Unpin` where the inner one is, and nothing else; drop this bound, or remove `#[llm_call]` and \
                     use the handle: `{call}`",
                    what.to_lowercase(),
                );
                return Err(Error::new_spanned(bound, message));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `T` of `Future<Output = T>`.
pub(crate) fn argument_of<'t>(bound: &'t TraitBound, name: &str) -> Option<&'t Type> {
    arguments(&bound.path)?.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(AssocType { ident, ty, .. }) if ident == name => Some(ty),
        _ => None,
    })
}

/// `T` of `Result<T, E>`, `Option<T>` or an alias of the same form.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Paren(paren) => return first_argument(&paren.elem),
        Type::Group(group) => return first_argument(&group.elem),
        Type::Path(ty) => &ty.path,
        _ => return None,
    };
    let segment = path.segments.last()?;
    if !(segment.ident == "Option" || segment.ident.to_string().ends_with("Result")) {
        return None;
    }
    type_arguments(path).next()
}

/// The type arguments of a path's last segment.
pub(crate) fn type_arguments(path: &Path) -> impl Iterator<Item = &Type> {
    arguments(path).into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn arguments(path: &Path) -> Option<&Punctuated<GenericArgument, Token![,]>> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    }
}

struct FindStream(bool);

impl<'t> Visit<'t> for FindStream {
    fn visit_type_impl_trait(&mut self, ty: &'t TypeImplTrait) {
        let stream = ty.bounds.iter().any(
            |bound| matches!(bound, TypeParamBound::Trait(bound) if STREAMS.iter().any(|name| is(&bound.path, name))),
        );
        self.0 |= stream;
        syn::visit::visit_type_impl_trait(self, ty);
    }
}

/// Replaces each `impl Trait` by `_`; returns whether there was one.
fn erase(ty: &mut Type) -> bool {
    match ty {
        Type::ImplTrait(_) => {
            *ty = parse_quote!(_);
            true
        }
        Type::Array(array) => erase(&mut array.elem),
        Type::Group(group) => erase(&mut group.elem),
        Type::Paren(paren) => erase(&mut paren.elem),
        Type::Ptr(ptr) => erase(&mut ptr.elem),
        Type::Reference(reference) => erase(&mut reference.elem),
        Type::Slice(slice) => erase(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().fold(false, |found, elem| erase(elem) | found),
        Type::Path(path) => {
            let mut found = false;
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            found |= erase(ty);
                        }
                    }
                }
            }
            found
        }
        _ => false,
    }
}
