//! Tracing of calls that go through the AWS SDK for Rust.
//!
//! The request, response and event types of the SDK cannot be serialized. An interceptor therefore reads the HTTP
//! messages: JSON bodies and event stream frames, with the same readers as for every other client.

use std::borrow::Cow;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::LlmCall;
use crate::wire::error::aws_name;

/// Records the HTTP requests and responses of the AWS SDK on the current [`LlmCall`].
///
/// Add it once to a client's configuration. It then works in every `#[llm_call]` function that uses the client,
/// including streaming calls. Outside of a call it does nothing. Retries by the SDK are attempts of the same call. A
/// stream that the function returns keeps the call open until the stream ends.
///
/// ```
/// use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
/// use llm_trace::aws::CallInterceptor;
///
/// // The `.interceptor(..)` method of every AWS client configuration takes it.
/// let interceptor = SharedInterceptor::new(CallInterceptor::new());
/// ```
///
/// ```text
/// let config = aws_sdk_bedrockruntime::config::Builder::from(&sdk_config)
///     .interceptor(llm_trace::aws::CallInterceptor::new())
///     .build();
/// let client = aws_sdk_bedrockruntime::Client::from_conf(config);
///
/// #[llm_call(provider = "aws.bedrock", model = model)]
/// async fn ask(client: &Client, model: &str, question: Message) -> Result<ConverseOutput, Error> {
///     Ok(client.converse().model_id(model).messages(question).send().await?)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CallInterceptor;

impl CallInterceptor {
    /// Creates the interceptor.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

/// The reason why the last attempt failed.
#[derive(Debug)]
struct Failed(Cow<'static, str>);

impl Storable for Failed {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallInterceptor {
    fn name(&self) -> &'static str {
        "LlmTrace"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = LlmCall::current();
        if let Some(Failed(reason)) = cfg.load::<Failed>() {
            call.attempt(reason.clone());
        } else if let Some(active) = call.active() {
            let request = context.request();
            active.http_request(request.uri(), request.body().bytes().unwrap_or_default());
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = LlmCall::current();
        let response = context.response_mut();
        let kind = response.headers().get("content-type");
        if call.is_enabled() && response.status().is_success() && kind == Some("application/vnd.amazon.eventstream") {
            let inner = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(call.body(inner));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Err(error)) = context.output_or_error() {
            let status_reason = context.response().filter(|response| !response.status().is_success()).map(reason);
            let reason =
                status_reason.unwrap_or(Cow::Borrowed(if error.is_timeout_error() { "timeout" } else { "_OTHER" }));
            cfg.interceptor_state().store_put(Failed(reason));
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = LlmCall::current();
        if let (Some(active), Some(response)) = (call.active(), context.response()) {
            // The body of a stream is not in memory: it is observed as it is read.
            if let Some(body) = response.body().bytes() {
                active.http_response(response.status().as_u16(), body);
            }
        }
        Ok(())
    }
}

/// The name of the error, or the status if it has none.
fn reason(response: &HttpResponse) -> Cow<'static, str> {
    let name = response.headers().get("x-amzn-errortype").map(aws_name);
    Cow::Owned(name.map_or_else(|| response.status().as_u16().to_string(), str::to_owned))
}
