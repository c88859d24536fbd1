//! Calls that go through the AWS SDK for Rust.
//!
//! The SDK's requests, answers and stream events implement neither `Serialize` nor anything else
//! that could be read. What it sends and receives is read instead: JSON, and the event stream's
//! frames, by the same readers as everybody's.

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

/// Tells the [`LlmCall`] that runs now what the AWS SDK sends and receives.
///
/// Given to a client once, it works for every `#[llm_call]` function that uses the client, streams
/// included; outside of a call it does nothing. Retries of the SDK count as attempts of the one call.
/// A stream that the function hands on keeps the call open until it ends.
///
/// ```
/// use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
///
/// // What `.interceptor(..)` of every AWS client's configuration takes:
/// let interceptor = SharedInterceptor::new(llm_trace::aws::CallInterceptor::new());
/// # let _ = interceptor;
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
    /// The interceptor.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

/// Why the last attempt failed.
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
        } else if let Some(live) = call.live() {
            let request = context.request();
            live.http_request(request.uri(), request.body().bytes().unwrap_or_default());
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
            let stated = context.response().filter(|response| !response.status().is_success()).map(reason);
            let reason = stated.unwrap_or(Cow::Borrowed(if error.is_timeout_error() { "timeout" } else { "_OTHER" }));
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
        if let (Some(live), Some(response)) = (call.live(), context.response()) {
            // The body of a stream is not in memory: it was watched instead.
            if let Some(body) = response.body().bytes() {
                live.http_response(response.status().as_u16(), body);
            }
        }
        Ok(())
    }
}

/// The error's name, else the status.
fn reason(response: &HttpResponse) -> Cow<'static, str> {
    let name = response.headers().get("x-amzn-errortype").map(aws_name);
    Cow::Owned(name.map_or_else(|| response.status().as_u16().to_string(), str::to_owned))
}
