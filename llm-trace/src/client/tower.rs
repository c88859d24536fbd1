//! Any `tower::Service` of `http::Request`.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::answer::CallBody;
use super::endpoints::Endpoints;
use super::exchange::{Target, answered, failed, prepared};
use super::peeked::PeekedBody;
use crate::call::{LlmCall, TracedFuture, trace_future};

type BoxError = Box<dyn Error + Send + Sync>;

/// Makes a call of each request to an LLM.
///
/// ```
/// use llm_trace::client::{CallLayer, Endpoints};
/// use tower_layer::Layer;
///
/// # fn wrap<C: Clone>(client: C) {
/// // `client`: hyper-util's, or any other service.
/// let service = CallLayer::new().endpoints(Endpoints::new().host("llm.internal", "openai")).layer(client);
/// # let _ = service;
/// # }
/// ```
#[must_use]
pub struct CallLayer<E = TypedErrors> {
    endpoints: Arc<Endpoints>,
    errors: PhantomData<fn() -> E>,
}

impl CallLayer {
    /// For the providers' hosts.
    pub fn new() -> Self {
        Self { endpoints: Arc::default(), errors: PhantomData }
    }

    /// For a service whose errors are `Box<dyn Error + Send + Sync>`, as those of `tower`'s own layers are.
    ///
    /// ```
    /// use llm_trace::client::CallLayer;
    /// use tower_layer::Layer;
    ///
    /// # fn wrap<C: Clone>(client: C) {
    /// let service = CallLayer::new().boxed_errors().layer(client);
    /// # let _ = service;
    /// # }
    /// ```
    pub fn boxed_errors(self) -> CallLayer<BoxedErrors> {
        CallLayer { endpoints: self.endpoints, errors: PhantomData }
    }
}

impl<E> CallLayer<E> {
    /// For these instead.
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

impl<E> Clone for CallLayer<E> {
    fn clone(&self) -> Self {
        Self { endpoints: self.endpoints.clone(), errors: PhantomData }
    }
}

impl<E> fmt::Debug for CallLayer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLayer").field("endpoints", &self.endpoints).finish()
    }
}

impl<S, E> Layer<S> for CallLayer<E> {
    type Service = CallService<S, E>;

    fn layer(&self, inner: S) -> CallService<S, E> {
        CallService { inner, layer: self.clone() }
    }
}

/// A client whose requests to LLMs are calls: see [`CallLayer`].
///
/// ```
/// use llm_trace::client::{BoxedErrors, CallLayer, CallService, TypedErrors};
/// use tower_layer::Layer as _;
///
/// fn typed<C: Clone>(client: C) -> CallService<C, TypedErrors> {
///     CallLayer::new().layer(client)
/// }
///
/// fn boxed<C: Clone>(client: C) -> CallService<C, BoxedErrors> {
///     CallLayer::new().boxed_errors().layer(client)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CallService<S, E = TypedErrors> {
    inner: S,
    layer: CallLayer<E>,
}

/// How a service's errors are read.
///
/// ```
/// use llm_trace::client::{CallService, ErrorsOf};
///
/// /// Holds a client that fails with `E`.
/// struct Client<S, E, How: ErrorsOf<E>>(CallService<S, How>, std::marker::PhantomData<E>);
/// ```
pub trait ErrorsOf<T>: sealed::Sealed {
    #[doc(hidden)]
    fn error(error: &T) -> &(dyn Error + 'static);
}

/// Errors are of a type that is an `Error`.
#[derive(Clone, Copy, Debug)]
pub enum TypedErrors {}

/// Errors are boxed.
#[derive(Clone, Copy, Debug)]
pub enum BoxedErrors {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::TypedErrors {}
    impl Sealed for super::BoxedErrors {}
}

impl<T: Error + 'static> ErrorsOf<T> for TypedErrors {
    fn error(error: &T) -> &(dyn Error + 'static) {
        error
    }
}

impl ErrorsOf<BoxError> for BoxedErrors {
    fn error(error: &BoxError) -> &(dyn Error + 'static) {
        &**error
    }
}

/// What ends a call with what came of its request.
type End<R, T> = fn(LlmCall, Result<Response<R>, T>) -> Result<Response<CallBody<R>>, T>;

impl<S, E, B, R> Service<Request<B>> for CallService<S, E>
where
    S: Service<Request<PeekedBody<B>>, Response = Response<R>>,
    E: ErrorsOf<S::Error>,
    B: Body + Unpin,
    R: Body,
{
    type Response = Response<CallBody<R>>;
    type Error = S::Error;
    type Future = TracedFuture<S::Future, End<R, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (call, request) = begin(&self.layer.endpoints, request);
        // Clients may send the request right here.
        let future = call.run(|| self.inner.call(request));
        trace_future(prepared(call), future, end::<E, R, S::Error>)
    }
}

fn begin<B: Body + Unpin>(endpoints: &Endpoints, request: Request<B>) -> (LlmCall, Request<PeekedBody<B>>) {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    // Without an authority in the URI the header names the host.
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

fn end<E, R, T>(call: LlmCall, result: Result<Response<R>, T>) -> Result<Response<CallBody<R>>, T>
where
    E: ErrorsOf<T>,
    R: Body,
{
    match result {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            let body = answered(call, parts.status.as_u16(), &parts.headers, body);
            Ok(Response::from_parts(parts, body))
        }
        Err(error) => {
            failed(call, E::error(&error));
            Err(error)
        }
    }
}
