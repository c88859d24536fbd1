//! A layer for any `tower::Service` of `http::Request`.

mod peeked;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{LlmCall, TracedFuture, trace_future};
use crate::client::answer::CallBody;
use crate::client::endpoints::Endpoints;
use crate::client::exchange::{Target, answered, prepared};
pub use crate::stream::body::BoxedErrors;
use crate::stream::body::{ErrorTypeNameOnly, ReadError, TypedErrors};
pub use peeked::PeekedBody;

/// Records a call for each LLM request.
///
/// ```
/// use llm_trace::client::{CallLayer, Endpoints};
/// use tower_layer::Layer;
///
/// # fn wrap<C: Clone>(client: C) {
/// // `client`: hyper-util's, or any other service.
/// let service = CallLayer::new().endpoints(Endpoints::new().host("llm.internal", "openai")).layer(client);
/// # drop(service);
/// # }
/// ```
#[must_use]
pub struct CallLayer<E = TypedErrors, B = ErrorTypeNameOnly> {
    endpoints: Arc<Endpoints>,
    errors: PhantomData<fn() -> (E, B)>,
}

impl CallLayer {
    /// A layer with the default [`Endpoints`].
    pub fn new() -> Self {
        Self { endpoints: Arc::default(), errors: PhantomData }
    }

    /// For a service with errors of type `Box<dyn Error + Send + Sync>`, as in `tower`'s own layers.
    ///
    /// ```
    /// use llm_trace::client::CallLayer;
    /// use tower_layer::Layer;
    ///
    /// # fn wrap<C: Clone>(client: C) {
    /// let service = CallLayer::new().boxed_errors().layer(client);
    /// # drop(service);
    /// # }
    /// ```
    pub fn boxed_errors(self) -> CallLayer<BoxedErrors> {
        CallLayer { endpoints: self.endpoints, errors: PhantomData }
    }
}

impl<E, B> CallLayer<E, B> {
    /// Reads the type and sources of body errors, like [`TracedBody::reading_errors`](crate::TracedBody); `hyper`'s
    /// errors support that. Without it only the error's type name and the contents of boxed errors are read.
    ///
    /// ```
    /// use llm_trace::client::CallLayer;
    /// use tower_layer::Layer;
    ///
    /// # fn wrap<C: Clone>(client: C) {
    /// let service = CallLayer::new().reading_body_errors().layer(client);
    /// # drop(service);
    /// # }
    /// ```
    pub fn reading_body_errors(self) -> CallLayer<E, TypedErrors> {
        CallLayer { endpoints: self.endpoints, errors: PhantomData }
    }

    /// Replaces the endpoints.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = Arc::new(endpoints);
        self
    }
}

impl Default for CallLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<E, B> Clone for CallLayer<E, B> {
    fn clone(&self) -> Self {
        Self { endpoints: self.endpoints.clone(), errors: PhantomData }
    }
}

impl<E, B> fmt::Debug for CallLayer<E, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLayer").field("endpoints", &self.endpoints).finish()
    }
}

impl<S, E, B> Layer<S> for CallLayer<E, B> {
    type Service = CallService<S, E, B>;

    fn layer(&self, inner: S) -> CallService<S, E, B> {
        CallService { inner, layer: self.clone() }
    }
}

/// A client that records its LLM requests as calls: see [`CallLayer`].
///
/// ```
/// use llm_trace::client::{BoxedErrors, CallLayer, CallService, ErrorTypeNameOnly, TypedErrors};
/// use tower_layer::Layer as _;
///
/// fn typed<C: Clone>(client: C) -> CallService<C, TypedErrors> {
///     CallLayer::new().layer(client)
/// }
///
/// fn boxed<C: Clone>(client: C) -> CallService<C, BoxedErrors, ErrorTypeNameOnly> {
///     CallLayer::new().boxed_errors().layer(client)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CallService<S, E = TypedErrors, B = ErrorTypeNameOnly> {
    inner: S,
    layer: CallLayer<E, B>,
}

/// Ends a call with the result of its request.
type FinishFn<R, T, RE> = fn(LlmCall, Result<Response<R>, T>) -> Result<Response<CallBody<R, RE>>, T>;

impl<S, E, RE, B, R> Service<Request<B>> for CallService<S, E, RE>
where
    S: Service<Request<PeekedBody<B>>, Response = Response<R>>,
    E: ReadError<S::Error>,
    B: Body + Unpin,
    R: Body,
    RE: ReadError<R::Error>,
{
    type Response = Response<CallBody<R, RE>>;
    type Error = S::Error;
    type Future = TracedFuture<S::Future, FinishFn<R, S::Error, RE>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (call, request) = begin(&self.layer.endpoints, request);
        // A client may send the request inside `call`, before the future is polled.
        let future = call.run(|| self.inner.call(request));
        trace_future(prepared(call), future, end::<E, RE, R, S::Error>)
    }
}

fn begin<B: Body + Unpin>(endpoints: &Endpoints, request: Request<B>) -> (LlmCall, Request<PeekedBody<B>>) {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    // Without an authority in the URI the `Host` header is used.
    let authority = parts.uri.authority().cloned().or_else(|| host?.parse().ok());
    let target = authority.as_ref().map(|authority| Target {
        method: &parts.method,
        scheme: parts.uri.scheme_str().unwrap_or("https"),
        host: authority.host().trim_matches(['[', ']']),
        port: authority.port_u16(),
        path: parts.uri.path(),
    });
    let found = target.and_then(|target| Some((target.provider(endpoints)?, target)));
    let Some((provider, target)) = found else {
        return (LlmCall::disabled(), Request::from_parts(parts, PeekedBody::unread(body)));
    };
    let body = PeekedBody::peek(body);
    let call = target.begin(provider, body.bytes().as_deref(), &mut parts.headers);
    (call, Request::from_parts(parts, body))
}

fn end<E, RE, R, T>(call: LlmCall, result: Result<Response<R>, T>) -> Result<Response<CallBody<R, RE>>, T>
where
    E: ReadError<T>,
    R: Body,
{
    match result {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            let body = answered(call, parts.status.as_u16(), &parts.headers, body);
            Ok(Response::from_parts(parts, body))
        }
        Err(error) => {
            if call.is_enabled() {
                E::read(&error, |error| call.finish_err(error));
            }
            Err(error)
        }
    }
}
