//! `cargo run --features rmcp --example rmcp`: a tool of an MCP server, which joins the trace.

use llm_trace::{Propagation, inject_to, llm_tool};
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::{RequestContext, RoleClient, RunningService, ServiceError};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use tracing::{Instrument as _, info_span};
use tracing_subscriber::prelude::*;

struct Weather;

impl ServerHandler for Weather {
    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let span = llm_trace::scope().parent_from(context.meta.iter()).run(|| info_span!("forecast"));
        Ok(forecast().instrument(span).await.into())
    }
}

async fn forecast() -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text("It is 4 degrees and sunny in Oslo.")])
}

#[llm_tool(name = tool)]
async fn run(mcp: &RunningService<RoleClient, ()>, tool: &'static str) -> Result<CallToolResult, ServiceError> {
    let mut params = CallToolRequestParams::new(tool);
    let meta = params.meta.get_or_insert_default();
    inject_to("stdio", &mut |name: &str, value: &str| {
        meta.insert(name.to_owned(), value.into());
    });
    mcp.call_tool(params).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parts = llm_trace::export::from_env()?;
    let layer = parts.layer().with_propagation(Propagation::new().to_host("stdio"));
    tracing_subscriber::registry().with(layer).init();
    let _telemetry = parts.telemetry;
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
