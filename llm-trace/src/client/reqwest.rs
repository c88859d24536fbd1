//! Middleware for `reqwest` 0.13 with `reqwest-middleware`.

use super::endpoints::Endpoints;

/// Records a call for each LLM request.
///
/// ```
/// use llm_trace::client::{CallMiddleware, Endpoints};
/// use reqwest_middleware::ClientBuilder;
///
/// # fn build(client: reqwest_middleware::reqwest::Client) {
/// let client = ClientBuilder::new(client)
///     .with(CallMiddleware::new().endpoints(Endpoints::new().host("llm.internal", "openai")))
///     .build();
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct CallMiddleware {
    endpoints: Endpoints,
}

impl CallMiddleware {
    /// Middleware with the default [`Endpoints`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the endpoints.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }
}

/// The middleware for one version: both have the same types.
macro_rules! middleware {
    ($module:ident, $reqwest:ident, $middleware:ident) => {
        mod $module {
            use http::Extensions;
            use $middleware::{Middleware, Next, Result};
            use $reqwest::{Body, Request, Response, ResponseBuilderExt as _, Url};

            use super::CallMiddleware;
            use crate::call::{LlmCall, trace_future};
            use crate::client::endpoints::Endpoints;
            use crate::client::exchange::{Target, answered, failed, prepared};
            use crate::stream::body::TypedErrors;

            #[async_trait::async_trait]
            impl Middleware for CallMiddleware {
                async fn handle(
                    &self,
                    mut request: Request,
                    extensions: &mut Extensions,
                    next: Next<'_>,
                ) -> Result<Response> {
                    let Some(call) = begin(&self.endpoints, &mut request) else {
                        return next.run(request, extensions).await;
                    };
                    trace_future(prepared(call), next.run(request, extensions), end).await
                }
            }

            fn begin(endpoints: &Endpoints, request: &mut Request) -> Option<LlmCall> {
                let url = request.url();
                let target = Target {
                    method: request.method(),
                    scheme: url.scheme(),
                    host: url.host_str()?,
                    port: url.port_or_known_default(),
                    path: url.path(),
                };
                let provider = target.provider(endpoints)?;
                // Only the few headers of an LLM request are cloned.
                let mut headers = request.headers().clone();
                let call = target.begin(provider, request.body().and_then(Body::as_bytes), &mut headers);
                *request.headers_mut() = headers;
                Some(call)
            }

            fn end(call: LlmCall, result: Result<Response>) -> Result<Response> {
                match result {
                    Ok(response) if call.is_enabled() => Ok(watched(call, response)),
                    Ok(response) => Ok(response),
                    Err(error) => {
                        failed(call, &error);
                        Err(error)
                    }
                }
            }

            fn watched(call: LlmCall, response: Response) -> Response {
                let url = response.url().clone();
                let (mut parts, body) = http::Response::from(response).into_parts();
                let body = answered::<_, TypedErrors>(call, parts.status.as_u16(), &parts.headers, body);
                parts.extensions.extend(with_url(url));
                Response::from(http::Response::from_parts(parts, Body::wrap(body)))
            }

            /// The extension that sets the URL of a `Response`.
            fn with_url(url: Url) -> Extensions {
                http::Response::builder()
                    .url(url)
                    .body(())
                    .map(|built| built.into_parts().0.extensions)
                    .unwrap_or_default()
            }
        }
    };
}

#[cfg(feature = "reqwest-middleware-0-4")]
middleware!(with_reqwest_0_12, reqwest_0_12, reqwest_middleware_0_4);
#[cfg(feature = "reqwest-middleware")]
middleware!(with_reqwest_0_13, reqwest_0_13, reqwest_middleware);
