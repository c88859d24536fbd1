//! Error types with more facts than their text.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::ops::Deref;

use super::error::type_name;
use super::transport;
use crate::arguments::captured_value::CapturedError;
use crate::model::server::Server;
use crate::user_code::{self, UserCode};

/// Maximum length of a `source()` chain, because a chain may be cyclic.
const MAX_DEPTH: usize = 32;

/// A known error type, or one that hides another error.
pub trait KnownError: Display {
    /// Reads the error and its sources.
    #[allow(private_interfaces)]
    fn read(&self, out: &mut CapturedError<'_>);
}

macro_rules! opaque {
    ($($ty:ty),* $(,)?) => {$(
        impl KnownError for $ty {
            #[allow(private_interfaces)]
            fn read(&self, out: &mut CapturedError<'_>) {
                walk(Some(self), out);
            }
        }
    )*};
}

opaque!(dyn Error, dyn Error + Send, dyn Error + Send + Sync);

/// An error that holds another one in a box of its library and does not implement `Error` itself: `anyhow::Error`,
/// `eyre::Report`.
pub trait Report: Display {
    /// The error inside.
    fn as_error(&self) -> Option<&(dyn Error + 'static)>;
}

impl<R: Deref<Target = dyn Error + Send + Sync> + Display> Report for R {
    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        user_code::run(UserCode::Error, || -> &(dyn Error + 'static) { &**self })
    }
}

/// The facts of a library's error type.
trait Tells: Error + 'static {
    fn describe(&self, out: &mut CapturedError<'_>);
}

macro_rules! known {
    ($($($(#[$meta:meta])* $ty:ty),+ : |$error:ident, $out:ident| $describe:block)*) => {
        $($(
            $(#[$meta])*
            impl Tells for $ty {
                fn describe(&self, $out: &mut CapturedError<'_>) {
                    let $error = self;
                    $describe
                }
            }

            $(#[$meta])*
            impl KnownError for $ty {
                #[allow(private_interfaces)]
                fn read(&self, out: &mut CapturedError<'_>) {
                    walk(Some(self), out);
                }
            }
        )+)*

        /// Reads one error of a chain. Returns `true` if its type is known.
        fn read(error: &(dyn Error + 'static), out: &mut CapturedError<'_>) -> bool {
            $($(
                $(#[$meta])*
                if let Some(error) = error.downcast_ref::<$ty>() {
                    error.describe(out);
                    out.type_name = out.type_name.or(type_name::<$ty>());
                    return true;
                }
            )+)*
            false
        }
    };
}

known! {
    #[cfg(feature = "reqwest-0-12")] reqwest_0_12::Error,
    #[cfg(feature = "reqwest-0-13")] reqwest_0_13::Error: |error, out| {
        out.status = out.status.or(error.status().map(|status| status.as_u16()));
        out.transport = out.transport.or(error.is_timeout().then_some("timeout"));
        out.not_sent |= error.is_connect() || error.is_builder();
        out.server = out.server.take().or_else(|| Server::parse(error.url()?.as_str()));
        if error.is_request() {
            out.transport = out.transport.or_else(|| root_text(error).as_deref().and_then(transport::word_of_text));
        }
    }
    #[cfg(feature = "reqwest-middleware-0-4")] reqwest_middleware_0_4::Error,
    #[cfg(feature = "reqwest-middleware")] reqwest_middleware::Error: |error, out| {
        // Its `source()` skips the error that it holds.
        match error {
            Self::Reqwest(inner) => walk(Some(inner), out),
            Self::Middleware(inner) => walk(Some(inner.as_ref()), out),
        }
    }
    #[cfg(feature = "async-openai-0-41")] async_openai_0_41::error::OpenAIError,
    #[cfg(feature = "async-openai-0-42")] async_openai_0_42::error::OpenAIError,
    #[cfg(feature = "async-openai-0-43")] async_openai_0_43::error::OpenAIError: |error, out| {
        match error {
            Self::ApiError(response) => {
                out.status = out.status.or(Some(response.status_code.as_u16()));
                let error = &response.api_error;
                out.code = out.code.take().or_else(|| error.code.clone()).or_else(|| error.r#type.clone());
            }
            Self::InvalidArgument(_) => out.not_sent = true,
            _ => {}
        }
    }
    #[cfg(feature = "ureq-3")] ureq::Error: |error, out| {
        match error {
            ureq::Error::StatusCode(status) => out.status = out.status.or(Some(*status)),
            ureq::Error::Timeout(_) => out.transport = out.transport.or(Some("timeout")),
            ureq::Error::HostNotFound => {
                out.not_sent = true;
                out.transport = out.transport.or(Some("dns"));
            }
            ureq::Error::Tls(_) => {
                out.not_sent = true;
                out.transport = out.transport.or(Some("tls"));
            }
            ureq::Error::Http(_)
            | ureq::Error::BadUri(_)
            | ureq::Error::InvalidProxyUrl
            | ureq::Error::ConnectionFailed => out.not_sent = true,
            ureq::Error::Io(error) => error.describe(out),
            _ => {}
        }
    }
    #[cfg(feature = "http")] http::Error: |_error, out| {
        out.not_sent = true;
    }
    io::Error: |error, out| {
        let word = transport::word(error);
        out.transport = out.transport.or(word);
        out.not_sent |= word.is_some_and(transport::is_not_sent);
    }
    serde_json::Error: |_error, _out| {}
}

/// Reads a chain of errors. The outermost known error sets the name, unless it is already set.
pub(super) fn walk(mut error: Option<&(dyn Error + 'static)>, out: &mut CapturedError<'_>) {
    for _ in 0..MAX_DEPTH {
        let Some(current) = error else { break };
        read(current, out);
        error = source(current);
    }
}

/// The text of the last error of a chain.
fn root_text(error: &(dyn Error + 'static)) -> Option<String> {
    let root = std::iter::successors(Some(error), |error| source(*error)).take(MAX_DEPTH).last()?;
    user_code::run(UserCode::Error, || root.to_string())
}

/// The source of an error.
pub(super) fn source<'e>(error: &'e (impl Error + ?Sized)) -> Option<&'e (dyn Error + 'static)> {
    user_code::run(UserCode::Error, || error.source()).flatten()
}
