//! `cargo run --features rmcp --example rmcp`: a tool of an MCP server.

use llm_trace::llm_tool;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::{RequestContext, RoleClient, RunningService, ServiceError};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use tracing::{Instrument as _, info_span};

struct Weather;

impl ServerHandler for Weather {
    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![ContentBlock::text("It is 4 degrees and sunny in Oslo.")]).into())
    }
}

#[llm_tool(name = tool)]
async fn run(mcp: &RunningService<RoleClient, ()>, tool: &'static str) -> Result<CallToolResult, ServiceError> {
    mcp.call_tool(CallToolRequestParams::new(tool)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let (here, there) = tokio::io::duplex(4096);
    let server = async move {
        Ok::<_, std::io::Error>(Weather.serve(there).await.map_err(std::io::Error::other)?.waiting().await)
    };
    tokio::spawn(server);
    let mcp = ().serve(here).await?;
    let result = run(&mcp, "get_weather").instrument(info_span!("question")).await?;
    println!("{:?}", result.content);
    Ok(())
}
