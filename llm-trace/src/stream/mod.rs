//! Calls with a streamed response.

#[cfg(feature = "http-body")]
pub(crate) mod body;
#[cfg(feature = "stream")]
pub(crate) mod traced;
