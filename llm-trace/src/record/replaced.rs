//! Values of the start that the function replaced.

use super::{CallRecord, Replaced};
use crate::ambient::mask_context::Correction;
use crate::otel::Value;
use crate::semconv::Fact;

impl CallRecord {
    /// Keeps the span kind of the start.
    pub(crate) fn keep_kind(&mut self) {
        if self.remote.is_none() {
            self.remote = Some(self.kind() == "client");
        }
    }

    pub(crate) fn corrections(&self) -> Vec<Correction> {
        let Replaced { provider, model, server, operation } = self.replaced;
        let mut corrections: Vec<Correction> = Vec::new();
        let mut add = |fact: Fact, value: Option<Value>| corrections.push((fact.key(), value));
        if provider {
            add(Fact::ProviderName, self.provider.as_ref().map(|provider| provider.as_str().to_owned().into()));
        }
        if model {
            add(Fact::RequestModel, self.request.text(Fact::RequestModel).map(|model| model.to_owned().into()));
        }
        if server {
            let server = self.server.as_ref();
            add(Fact::ServerAddress, server.map(|server| server.address.clone().into()));
            add(Fact::ServerPort, server.and_then(|server| server.port).map(|port| i64::from(port).into()));
        }
        if operation {
            add(Fact::OperationName, self.operation_name().map(|name| name.to_owned().into()));
        }
        corrections
    }
}
