//! Selects the proxy for a destination.

use url::Url;

use super::env::Env;

/// The proxy for this destination, from the usual variables.
pub(crate) fn find(env: &Env<'_>, target: &Url) -> Option<String> {
    let names: &[&'static str] = if target.scheme() == "https" {
        &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        // Upper-case HTTP_PROXY is safe here, because this is not a CGI program.
        &["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
    };
    let proxy = env.first(names)?;
    let exempt = env.first(&["NO_PROXY", "no_proxy"]);
    let host = target.host_str().unwrap_or_default();
    (!exempt.is_some_and(|list| is_exempt(&list.value, host))).then_some(proxy.value)
}

/// The error for a proxy that [`parse`] rejects. It omits the value, which may contain a password.
pub(crate) const WRONG: &str = "the proxy variable is not a valid URL such as http://proxy:3128";

/// Parses a proxy's address, with or without `http://`.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(|url| url.scheme() == "http" && url.has_host())
}

/// Whether a host matches `NO_PROXY`: hosts, domains with or without a leading dot or `*.`, or `*` for all.
fn is_exempt(list: &str, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        let name = entry.strip_prefix('*').unwrap_or(&entry);
        if entry == "*" {
            return true;
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        let name = name.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(name, |(n, _)| n);
        !name.is_empty() && (host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
    })
}
