//! Requests and responses of `reqwest`.

use std::convert::Infallible;

use super::KnownType;
use super::probed::{Probed, Resolved};
use crate::arguments::captured_value::{CapturedValue, Document};
use crate::json::{Found, JsonView, Mode, Trie};

macro_rules! reqwest {
    ($reqwest:ident) => {
        // The body of a request that is ready to be sent, if it is in memory.
        impl KnownType for $reqwest::Request {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                match self.body().and_then($reqwest::Body::as_bytes) {
                    Some(bytes) => CapturedValue::Bytes(bytes),
                    None => no_body(),
                }
            }
        }

        impl KnownType for $reqwest::RequestBuilder {
            #[allow(private_interfaces)]
            fn captured_value(&self) -> CapturedValue<'_> {
                let request = self.try_clone().and_then(|builder| builder.build().ok());
                let body = request.as_ref().and_then(|request| request.body()?.as_bytes());
                match body {
                    Some(bytes) => CapturedValue::Owned(Box::new(OwnedJson(bytes.to_vec()))),
                    None => no_body(),
                }
            }
        }

        // The body of such a response is not read yet, so nothing else can be read.
        impl<'a> Probed<'a, $reqwest::Response> {
            pub fn head(self) -> (Option<Resolved<'a>>, Probed<'a, Infallible>) {
                let head = self.0.map(|response| Resolved {
                    status: response.status().as_u16(),
                    url: Some(response.url().as_str()),
                });
                (head, Probed(None))
            }
        }
    };
}

#[cfg(feature = "reqwest-0-12")]
reqwest!(reqwest_0_12);
#[cfg(feature = "reqwest-0-13")]
reqwest!(reqwest_0_13);

fn no_body<'a>() -> CapturedValue<'a> {
    crate::diag::debug_once(
        "request-body",
        "a `request` of reqwest has no body in memory, so that nothing of it is read: set its JSON body before the call, \
         or record it with `LlmCall::current().request(&body)`",
    );
    CapturedValue::Nothing
}

/// JSON text that nobody else holds.
struct OwnedJson(Vec<u8>);

impl Document for OwnedJson {
    fn doc(&self, mode: Mode) -> JsonView<'_> {
        JsonView::from_slice(&self.0, mode)
    }

    fn found(&self, paths: &Trie, content: bool) -> Found<'_> {
        match content {
            true => Found::from_json_with_content(paths, &self.0),
            false => Found::from_json(paths, &self.0),
        }
    }

    fn is_text(&self) -> bool {
        false
    }
}
