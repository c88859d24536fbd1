use super::*;
use crate::model::Usage;

const TABLE: &[u8] = br#"{
    "sample_spec": {"input_cost_per_token": 9.0, "output_cost_per_token": 9.0},
    "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6,
        "cache_read_input_token_cost": 1e-6, "input_cost_per_token_priority": 4e-6},
    "azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 3e-6, "output_cost_per_token": 9e-6},
    "claude-x": {"litellm_provider": "anthropic", "input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6,
        "cache_read_input_token_cost": 3e-7, "cache_creation_input_token_cost": 3.75e-6,
        "input_cost_per_token_above_200k_tokens": 6e-6, "output_cost_per_token_above_200k_tokens": 22.5e-6},
    "thinker": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "output_cost_per_reasoning_token": 3e-6},
    "embedder": {"litellm_provider": "openai", "input_cost_per_token": 1e-7, "output_cost_per_token": 0.0},
    "painter": {"litellm_provider": "openai", "input_cost_per_image": 0.04}
}"#;

fn of(call: &PricedCall<'_>, stated: Option<f64>, prices: Option<&SharedPrices>) -> Option<Priced> {
    super::of(call, &[], stated, prices)
}

fn billed<'a>(provider: &'a str, model: &'a str, usage: &'a Usage) -> PricedCall<'a> {
    PricedCall {
        operation: "chat",
        provider: Some(provider),
        request_model: Some(model),
        response_model: None,
        service_tier: None,
        usage,
    }
}

fn sum(call: &PricedCall<'_>) -> Option<f64> {
    let table = SharedPrices::new(PriceTable::from_json(TABLE).expect("a table"));
    // To a millionth of a cent.
    of(call, None, Some(&table))?.cost.sum().map(|sum| (sum * 1e8).round() / 1e8)
}

#[test]
fn caches_and_reasoning_are_priced_separately_and_the_parts_add_up() {
    let usage = Usage::new().input_tokens(1000).cache_read_tokens(600).cache_creation_tokens(300).output_tokens(10);
    let table = SharedPrices::new(PriceTable::from_json(TABLE).expect("a table"));
    let priced = of(&billed("anthropic", "claude-x", &usage), None, Some(&table)).expect("a cost");
    assert_eq!(priced.source, "table");
    let parts = priced.cost.parts().map(|(_, part)| part.map(|part| (part * 1e9).round()));
    assert_eq!(parts, [Some(300_000.0), Some(150_000.0), Some(180_000.0), Some(1_125_000.0), None, None]);
    assert_eq!(sum(&billed("anthropic", "claude-x", &usage)), Some(0.001_755));
    let usage = Usage::new().input_tokens(10).output_tokens(100).reasoning_tokens(40);
    assert_eq!(sum(&billed("anyone", "thinker", &usage)), Some(0.000_25));
}

#[test]
fn a_model_is_priced_by_its_own_provider() {
    let usage = Usage::new().input_tokens(1000).output_tokens(0);
    assert_eq!(sum(&billed("openai", "gpt-4o", &usage)), Some(0.002));
    assert_eq!(sum(&billed("azure.ai.openai", "gpt-4o", &usage)), Some(0.003));
    assert_eq!(sum(&billed("groq", "gpt-4o", &usage)), None);
    assert_eq!(sum(&billed("openai", "gpt-unheard-of", &usage)), None);
    assert_eq!(sum(&billed("openai", "sample_spec", &usage)), None);
    assert_eq!(sum(&billed("openai", "painter", &usage)), None);
}

#[test]
fn long_inputs_and_service_tiers_are_priced_separately() {
    let usage = Usage::new().input_tokens(200_000).output_tokens(10);
    assert_eq!(sum(&billed("anthropic", "claude-x", &usage)), Some(0.600_15));
    let usage = Usage::new().input_tokens(200_001).output_tokens(10);
    assert_eq!(sum(&billed("anthropic", "claude-x", &usage)), Some(1.200_231));
    let usage = Usage::new().input_tokens(1000).output_tokens(0);
    let priority = PricedCall { service_tier: Some("priority"), ..billed("openai", "gpt-4o", &usage) };
    assert_eq!(sum(&priority), Some(0.004));
}

#[test]
fn an_unknown_count_gives_no_total() {
    let usage = Usage::new().input_tokens(1000);
    let table = SharedPrices::new(PriceTable::from_json(TABLE).expect("a table"));
    let priced = of(&billed("openai", "gpt-4o", &usage), None, Some(&table)).expect("the input's cost");
    assert_eq!((priced.cost.input, priced.cost.sum()), (Some(0.002), None));
    assert_eq!(sum(&billed("openai", "embedder", &usage)), Some(0.0001));
    assert_eq!(of(&billed("openai", "gpt-4o", &Usage::new()), None, Some(&table)), None);
}

#[test]
fn the_providers_cost_takes_precedence_and_without_a_table_there_is_no_cost() {
    let usage = Usage::new().input_tokens(1000).output_tokens(10);
    let call = billed("openai", "gpt-4o", &usage);
    let table = SharedPrices::new(PriceTable::from_json(TABLE).expect("a table"));
    let stated = of(&call, Some(0.5), Some(&table)).expect("a cost");
    assert_eq!((stated.source, stated.cost.sum()), ("provider", Some(0.5)));
    assert_eq!(of(&call, None, None), None);
    assert_eq!(of(&call, Some(f64::NAN), None), None);
}

#[test]
fn a_price_function_is_used_and_its_panic_is_caught() {
    let usage = Usage::new().input_tokens(1000).output_tokens(10);
    let call = billed("openai", "gpt-4o", &usage);
    let fixed = SharedPrices::new(|call: &PricedCall<'_>| call.model().map(|_| Cost::total(0.25)));
    assert_eq!(
        of(&call, None, Some(&fixed)).map(|priced| (priced.source, priced.cost.sum())),
        Some(("function", Some(0.25)))
    );
    let broken = SharedPrices::new(|_: &PricedCall<'_>| -> Option<Cost> { panic!("no price") });
    assert_eq!(of(&call, None, Some(&broken)), None);
}

#[test]
fn a_table_in_another_format_is_an_error_with_the_expected_format() {
    assert!(matches!(PriceTable::from_json(b"[]"), Err(PricesError::Empty)));
    assert!(matches!(PriceTable::from_json(b"{"), Err(PricesError::NotJson(_))));
    let missing = PriceTable::from_file("/nowhere/prices.json").expect_err("no such file");
    assert!(missing.to_string().contains("/nowhere/prices.json"), "{missing}");
}
