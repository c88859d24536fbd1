//! The table of metrics, one row each.

use super::Profile;
use super::names::{Names, both, core, core_latest, latest};

/// A row of the table.
struct Row {
    names: Names,
    instrument: Instrument,
    unit: &'static str,
    bounds: &'static [f64],
    doc: &'static str,
}

/// The instrument of a metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Instrument {
    Histogram,
    Counter,
    UpDownCounter,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $metric:ident: $instrument:ident $unit:literal $bounds:expr, $names:expr;)*) => {
        /// A metric recorded by the layer or an exporter.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum Metric {
            $($(#[doc = $doc])+ $metric,)*
        }

        impl Metric {
            /// All metrics.
            pub(crate) const ALL: &'static [Metric] = &[$(Metric::$metric),*];
        }

        const ROWS: &[Row] = &[$(Row {
            names: $names,
            instrument: Instrument::$instrument,
            unit: $unit,
            bounds: $bounds,
            doc: concat!($($doc),+),
        }),*];
    };
}

metrics! {
    /// Duration of a GenAI operation; in the latest conventions, of one that is not an inference.
    OperationDuration: Histogram "s" &SECONDS, both("gen_ai.client.operation.duration");
    /// Duration of an inference.
    InferenceDuration: Histogram "s" &SECONDS, latest("gen_ai.client.inference.duration");
    /// Time from the start of a call to the first chunk with content of its stream.
    TimeToFirstChunk: Histogram "s" &SECONDS,
        core_latest("gen_ai.client.operation.time_to_first_chunk", "gen_ai.client.inference.time_to_first_chunk");
    /// Time between two chunks of a stream.
    TimePerOutputChunk: Histogram "s" &SECONDS,
        core_latest("gen_ai.client.operation.time_per_output_chunk", "gen_ai.client.inference.time_per_output_chunk");
    /// Input and output tokens of a call.
    TokenUsage: Histogram "{token}" &TOKENS, core("gen_ai.client.token.usage");
    /// Input tokens, including cached tokens.
    UsageInput: Counter "{token}" &[], latest("gen_ai.client.inference.usage.input_tokens");
    /// Output tokens, including reasoning.
    UsageOutput: Counter "{token}" &[], latest("gen_ai.client.inference.usage.output_tokens");
    /// Input tokens read from the provider's cache.
    UsageCacheRead: Counter "{token}" &[], latest("gen_ai.client.inference.usage.cache_read.input_tokens");
    /// Input tokens written to the provider's cache.
    UsageCacheWrite: Counter "{token}" &[], latest("gen_ai.client.inference.usage.cache_write.input_tokens");
    /// Output tokens used for reasoning.
    UsageReasoning: Counter "{token}" &[], latest("gen_ai.client.inference.usage.reasoning.output_tokens");
    /// Input tokens of one call.
    OperationInput: Histogram "{token}" &TOKENS, latest("gen_ai.client.inference.operation.input_tokens");
    /// Output tokens of one call.
    OperationOutput: Histogram "{token}" &TOKENS, latest("gen_ai.client.inference.operation.output_tokens");
    /// Duration of a workflow.
    WorkflowDuration: Histogram "s" &WORKFLOW_SECONDS, latest("gen_ai.invoke_workflow.duration");
    /// Duration of an agent's invocation.
    AgentDuration: Histogram "s" &AGENT_SECONDS, latest("gen_ai.invoke_agent.duration");
    /// Inferences made directly by an agent per invocation.
    AgentInferenceCalls: Histogram "{inference_call}" &CALLS, latest("gen_ai.invoke_agent.inference_calls");
    /// Tools run directly by an agent per invocation.
    AgentToolCalls: Histogram "{tool_call}" &CALLS, latest("gen_ai.invoke_agent.tool_calls");
    /// Duration of a tool's execution.
    ToolDuration: Histogram "s" &SECONDS, latest("gen_ai.execute_tool.duration");
    /// Time from sending a message of the Model Context Protocol to its response.
    McpClientDuration: Histogram "s" &MCP_SECONDS, both("mcp.client.operation.duration");
    /// Time from receiving a message of the Model Context Protocol to its response.
    McpServerDuration: Histogram "s" &MCP_SECONDS, both("mcp.server.operation.duration");
    /// The cost of a call in US dollars.
    Cost: Histogram "{USD}" &DOLLARS, both("llm_trace.client.operation.cost");
    /// Spans and log records that were sent without some of their content; `error.type` is the reason.
    ExportWithoutContent: Counter "{record}" &[], both("llm_trace.export.without_content");
    /// Requests that were sent again.
    ExportRetries: Counter "{request}" &[], both("llm_trace.export.retries");
    /// Restarts of an exporting thread after a panic.
    ExportRestarts: Counter "{restart}" &[], both("llm_trace.export.restarts");
    /// Records that wait on disk until the destination accepts them.
    ExportSpilled: UpDownCounter "{record}" &[], both("llm_trace.export.spilled");
    /// Finished calls handed to hooks; with `error.type`, those that hooks missed.
    HookCalls: Counter "{call}" &[], both("llm_trace.hook.calls");
}

impl Metric {
    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The name in a profile, if it defines the metric.
    pub(crate) const fn name(self, profile: Profile) -> Option<&'static str> {
        self.row().names.of(profile)
    }

    /// The name in the profile, or in the other one if the profile does not define the metric.
    pub(crate) const fn name_or_other(self, profile: Profile) -> &'static str {
        match self.name(profile) {
            Some(name) => name,
            None => self.row().names.any(),
        }
    }

    pub(crate) const fn instrument(self) -> Instrument {
        self.row().instrument
    }

    pub(crate) const fn unit(self) -> &'static str {
        self.row().unit
    }

    /// The bucket bounds of a histogram.
    pub(crate) const fn bounds(self) -> &'static [f64] {
        self.row().bounds
    }

    /// One sentence for the documentation.
    pub(crate) const fn doc(self) -> &'static str {
        self.row().doc
    }
}

/// Bounds in seconds for a client operation.
pub(crate) const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

const WORKFLOW_SECONDS: [f64; 11] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0];

const AGENT_SECONDS: [f64; 13] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];

const CALLS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Bounds in US dollars, from a short response of a small model to the most expensive calls.
const DOLLARS: [f64; 20] = [
    0.000_001, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Bounds in seconds for a message of the Model Context Protocol.
const MCP_SECONDS: [f64; 14] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
