//! Forwarding of span processor methods to a wrapped processor.

/// The `SpanProcessor` methods that only call the same method of the field `inner`.
macro_rules! forward_to_inner {
    (on_start) => {
        fn on_start(&self, span: &mut ::opentelemetry_sdk::trace::Span, cx: &::opentelemetry::Context) {
            self.inner.on_start(span, cx);
        }

        $crate::sink::otel::forward_to_inner!();
    };
    () => {
        fn force_flush(&self) -> ::opentelemetry_sdk::error::OTelSdkResult {
            self.inner.force_flush()
        }

        fn shutdown_with_timeout(&self, timeout: ::std::time::Duration) -> ::opentelemetry_sdk::error::OTelSdkResult {
            self.inner.shutdown_with_timeout(timeout)
        }

        fn set_resource(&mut self, resource: &::opentelemetry_sdk::Resource) {
            self.inner.set_resource(resource);
        }
    };
}

pub(crate) use forward_to_inner;
