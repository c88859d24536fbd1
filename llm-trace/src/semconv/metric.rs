//! Metric names and bucket boundaries, per profile.

use super::Profile;

pub(crate) const OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
pub(crate) const TOKEN_USAGE: &str = "gen_ai.client.token.usage";
pub(crate) const USAGE_INPUT: &str = "gen_ai.client.inference.usage.input_tokens";
pub(crate) const USAGE_OUTPUT: &str = "gen_ai.client.inference.usage.output_tokens";
pub(crate) const USAGE_CACHE_READ: &str = "gen_ai.client.inference.usage.cache_read.input_tokens";
pub(crate) const USAGE_CACHE_WRITE: &str = "gen_ai.client.inference.usage.cache_write.input_tokens";
pub(crate) const USAGE_REASONING: &str = "gen_ai.client.inference.usage.reasoning.output_tokens";
pub(crate) const OPERATION_INPUT: &str = "gen_ai.client.inference.operation.input_tokens";
pub(crate) const OPERATION_OUTPUT: &str = "gen_ai.client.inference.operation.output_tokens";
pub(crate) const WORKFLOW_DURATION: &str = "gen_ai.invoke_workflow.duration";
pub(crate) const AGENT_DURATION: &str = "gen_ai.invoke_agent.duration";
pub(crate) const AGENT_INFERENCE_CALLS: &str = "gen_ai.invoke_agent.inference_calls";
pub(crate) const AGENT_TOOL_CALLS: &str = "gen_ai.invoke_agent.tool_calls";
pub(crate) const TOOL_DURATION: &str = "gen_ai.execute_tool.duration";
pub(crate) const MCP_CLIENT_DURATION: &str = "mcp.client.operation.duration";
pub(crate) const MCP_SERVER_DURATION: &str = "mcp.server.operation.duration";
/// Ours: what a call cost, in US dollars.
pub(crate) const COST: &str = "llm_trace.client.operation.cost";

impl Profile {
    pub(crate) fn inference_duration(self) -> &'static str {
        match self {
            Profile::Core => OPERATION_DURATION,
            Profile::Latest => "gen_ai.client.inference.duration",
        }
    }

    pub(crate) fn time_to_first_chunk(self) -> &'static str {
        match self {
            Profile::Core => "gen_ai.client.operation.time_to_first_chunk",
            Profile::Latest => "gen_ai.client.inference.time_to_first_chunk",
        }
    }

    pub(crate) fn time_per_output_chunk(self) -> &'static str {
        match self {
            Profile::Core => "gen_ai.client.operation.time_per_output_chunk",
            Profile::Latest => "gen_ai.client.inference.time_per_output_chunk",
        }
    }
}

/// Seconds of a client operation.
pub(crate) const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

pub(crate) const TOKENS: [f64; 14] = [
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

pub(crate) const WORKFLOW_SECONDS: [f64; 11] =
    [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0];

pub(crate) const AGENT_SECONDS: [f64; 13] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];

pub(crate) const CALLS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// US dollars, from what one short answer of a small model costs to what nobody wants to pay.
pub(crate) const DOLLARS: [f64; 20] = [
    0.000_001, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Seconds of a message of the Model Context Protocol.
pub(crate) const MCP_SECONDS: [f64; 14] =
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
