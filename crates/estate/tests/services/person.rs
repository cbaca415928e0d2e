//! Somebody with an account.

use candor_estate::Estate;
use serde_json::{Value, json};

use crate::customer::{Customer, Reply};

pub(crate) const PASSWORD: &str = "open-sesame-customer";

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) customer: Customer,
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Person {
    /// Opens an account and signs in.
    pub(crate) async fn new(estate: &Estate, name: &str) -> Self {
        let user = format!("{name}@shop.example");
        let nobody = Self { customer: Customer::of(estate), user: user.clone(), token: String::new() };
        let given = json!({ "user": user, "password": PASSWORD });
        assert_eq!(nobody.post("id", "/accounts", given).await.status, 201);
        Self::known(estate, &user, PASSWORD).await
    }

    /// Signs in.
    pub(crate) async fn known(estate: &Estate, user: &str, password: &str) -> Self {
        let nobody = Self::nobody(estate);
        let given = json!({ "user": user, "password": password });
        let signed_in = nobody.post("id", "/sign-in", given).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text());
        let token = signed_in.json()["token"].as_str().unwrap().to_owned();
        Self { customer: nobody.customer, user: user.to_owned(), token }
    }

    /// Somebody without an account.
    pub(crate) fn nobody(estate: &Estate) -> Self {
        Self { customer: Customer::of(estate), user: String::new(), token: String::new() }
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("{}{path}", self.customer.urls.host(host))
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        host: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut all = fields.to_vec();
        if !self.token.is_empty() {
            all.push(("authorization", &bearer));
        }
        self.customer.ask(method, &self.url(host, path), &all, body).await.unwrap()
    }

    pub(crate) async fn get(&self, host: &str, path: &str) -> Reply {
        self.send("GET", host, path, &[], "").await
    }

    /// As a browser asks, with its cookie.
    pub(crate) async fn look(&self, host: &str, path: &str) -> Reply {
        let cookie = format!("token={}", self.token);
        let fields = [("accept", "text/html"), ("cookie", cookie.as_str())];
        self.customer.ask("GET", &self.url(host, path), &fields, "").await.unwrap()
    }

    pub(crate) async fn post(&self, host: &str, path: &str, json: Value) -> Reply {
        let fields = [("content-type", "application/json")];
        self.send("POST", host, path, &fields, &json.to_string()).await
    }

    /// As a browser sends a form, with its cookie and without a field of its own.
    pub(crate) async fn form(&self, host: &str, path: &str, body: &str) -> Reply {
        let cookie = format!("token={}", self.token);
        let fields = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("cookie", cookie.as_str()),
        ];
        self.customer.ask("POST", &self.url(host, path), &fields, body).await.unwrap()
    }
}
