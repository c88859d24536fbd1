//! The value that is probed.

/// A value to read, or its absence.
#[derive(Debug)]
pub struct Probed<'a, T: ?Sized>(pub Option<&'a T>);

impl<T: ?Sized> Clone for Probed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Probed<'_, T> {}

/// The status of a response, and the URL if the client provides it.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    pub(crate) status: u16,
    pub(crate) url: Option<&'a str>,
}
