use llm_trace::{llm_agent, llm_call, llm_guardrail, llm_retrieval, llm_tool, llm_workflow};

#[llm_tool(model = "gpt-4o")]
fn a_tool_has_no_model() {}

#[llm_tool(arguments)]
fn arguments_of_what(city: &str) {}

#[llm_tool(result = city)]
fn result_is_no_closure(city: &str) {}

#[llm_tool(mask_output, mask_arguments)]
fn masked_twice() {}

#[llm_agent(create, create)]
fn created_twice() {}

#[llm_agent(name = "a", name = "b")]
fn two_names() {}

#[llm_workflow(provider = "openai")]
fn a_workflow_has_no_provider() {}

#[llm_retrieval(top_k = "three")]
fn top_k_is_a_number() -> Vec<String> {
    Vec::new()
}

#[llm_guardrail(decision = "allow")]
fn decided_beforehand() -> bool {
    true
}

#[llm_call(nested = "both")]
fn nested_both_ways() {}

#[llm_tool]
const fn constant() {}

#[llm_agent]
#[tracing::instrument]
fn instrumented(prompt: &str) {}

#[llm_tool(attributes(gen_ai.tool.name = "x"))]
fn reserved() {}

fn main() {}
