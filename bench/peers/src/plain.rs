//! Calls with `reqwest` and without tracing: the floor.

use reqwest::Client;
use serde_json::Value;

use crate::chat::{Answer, body, read_stream};
use crate::{Calls, Error};

/// The client and the address that all calls with `reqwest` use.
#[derive(Clone)]
pub struct Plain {
    http: Client,
    url: String,
}

impl Plain {
    pub fn new(base: &str) -> Plain {
        Plain { http: Client::new(), url: format!("{base}/chat/completions") }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn send(&self, body: &Value) -> Result<reqwest::Response, reqwest::Error> {
        self.http.post(&self.url).json(body).send().await?.error_for_status()
    }
}

impl Calls for Plain {
    async fn whole(&self) -> Result<usize, Error> {
        let answer = self.send(&body(false)).await?.bytes().await?;
        let answer: Answer = serde_json::from_slice(&answer)?;
        Ok(answer.text().len())
    }

    async fn stream(&self) -> Result<usize, Error> {
        let answer = read_stream(self.send(&body(true)).await?, |_| {}).await?;
        Ok(answer.text().len())
    }
}
