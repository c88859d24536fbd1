//! In place of `otel` without OpenTelemetry: there are no events and no metrics.

pub(crate) mod events {
    use crate::sink::ended_call::{EndedCall, Sink};

    #[derive(Clone, Debug, Default)]
    pub(crate) struct Events;

    impl Events {
        pub(crate) fn wanted(&self) -> bool {
            false
        }
    }

    impl Sink for Events {
        fn write(&self, _: &mut EndedCall<'_>) {}
    }
}

pub(crate) mod metrics {
    use std::sync::Arc;

    use crate::semconv::Profile;
    use crate::sink::ended_call::{EndedCall, Sink};

    #[derive(Debug, Default)]
    pub(crate) struct Metrics;

    impl Metrics {
        pub(crate) fn instruments(&self, _: Profile) -> Option<Arc<Instruments>> {
            None
        }

        pub(crate) fn any(&self) -> bool {
            false
        }
    }

    /// No value of this type exists.
    #[derive(Debug)]
    pub(crate) enum Instruments {}

    impl Instruments {
        pub(crate) fn reads_attributes(&self) -> bool {
            match *self {}
        }
    }

    impl Sink for Instruments {
        fn write(&self, _: &mut EndedCall<'_>) {
            match *self {}
        }
    }
}
