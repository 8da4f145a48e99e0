//! `action=query`.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::super::Storage;
use super::super::identity::{GROUPS, RIGHTS, user_id};
use super::super::time::iso_8601;
use super::super::title;
use super::super::wiki::MediaWikiService;
use super::Caller;
use super::error::Parameters;
use crate::server::nonce::NonceStore;

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    pub(super) fn query(&self, parameters: &Parameters, caller: &Caller) -> Value {
        let mut query = Map::new();
        if parameters.lists("meta", "userinfo") {
            query.insert("userinfo".into(), userinfo(parameters, caller));
        }
        if parameters.lists("meta", "tokens") {
            query.insert("tokens".into(), json!({ "csrftoken": self.csrf_token(caller) }));
        }
        if parameters.has("titles") {
            self.pages(parameters, &mut query);
        }
        json!({ "batchcomplete": parameters.flag(), "query": query })
    }

    /// The pages with these titles; with `prop=revisions` their latest revisions, in the shape of `rvslots=main`.
    fn pages(&self, parameters: &Parameters, query: &mut Map<String, Value>) {
        let is_second = parameters.get("formatversion") == "2";
        let (mut normalized, mut pages, mut titles) = (Vec::new(), Vec::<(String, Value)>::new(), HashSet::new());
        for given in parameters.list("titles") {
            let Some(title) = title::normalized(given) else {
                let reason = "The requested page title contains invalid characters.";
                let page = json!({ "title": given, "invalidreason": reason, "invalid": parameters.flag() });
                pages.push((String::new(), page));
                continue;
            };
            if title != given {
                normalized.push(match is_second {
                    true => json!({ "fromencoded": false, "from": given, "to": title }),
                    false => json!({ "from": given, "to": title }),
                });
            }
            if !titles.insert(title.clone()) {
                continue;
            }
            let namespace = title::namespace(&title);
            let found = self.content().page(&title).cloned();
            let (id, page) = match found {
                None => (String::new(), json!({ "ns": namespace, "title": title, "missing": parameters.flag() })),
                Some(found) => {
                    let mut page = json!({ "pageid": found.id, "ns": namespace, "title": title });
                    if parameters.lists("prop", "revisions") {
                        let name = if is_second { "content" } else { "*" };
                        let slot =
                            json!({ "contentmodel": "wikitext", "contentformat": "text/x-wiki", name: found.text });
                        let mut revision = json!({ "slots": { "main": slot } });
                        if parameters.lists("rvprop", "ids") {
                            revision["revid"] = json!(found.revision);
                        }
                        if parameters.lists("rvprop", "timestamp") {
                            revision["timestamp"] = json!(iso_8601(found.time));
                        }
                        page["revisions"] = json!([revision]);
                    }
                    (found.id.to_string(), page)
                }
            };
            pages.push((id, page));
        }
        if !normalized.is_empty() {
            query.insert("normalized".into(), json!(normalized));
        }
        // Pages that do not exist are counted down from -1.
        let mut missing = 0;
        let pages = match is_second {
            true => json!(pages.into_iter().map(|(_, page)| page).collect::<Vec<_>>()),
            false => pages
                .into_iter()
                .map(|(id, page)| {
                    missing -= i64::from(id.is_empty());
                    (if id.is_empty() { missing.to_string() } else { id }, page)
                })
                .collect::<Map<_, _>>()
                .into(),
        };
        query.insert("pages".into(), pages);
    }
}

fn userinfo(parameters: &Parameters, caller: &Caller) -> Value {
    let Caller::User(user) = caller else {
        return json!({ "id": 0, "name": "127.0.0.1", "anon": parameters.flag() });
    };
    let mut userinfo = json!({ "id": user_id(user), "name": user });
    if parameters.lists("uiprop", "groups") {
        userinfo["groups"] = json!(GROUPS);
    }
    if parameters.lists("uiprop", "rights") {
        userinfo["rights"] = json!(RIGHTS);
    }
    userinfo
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::Origin;
    use crate::server::provider::{MemoryStorage, ProviderService, Visitor};

    /// Eight times the titles take about eight times as long. Quadratic time would take 64 times as long.
    #[test]
    fn many_titles_take_linear_time() {
        let origin = Origin::parse("https://wiki.example").unwrap();
        let provider = ProviderService::new(origin, MemoryStorage::new(), |_| Visitor::User("Ann".into()));
        let wiki = MediaWikiService::new(provider);
        let time = |count: usize| {
            let titles = (0..count).map(|number| format!("A{number}|a{number}")).collect::<Vec<_>>().join("%7C");
            let parameters = Parameters::of(format!("formatversion=2&titles={titles}").as_bytes(), b"");
            let run = |_| {
                let start = Instant::now();
                let answer = wiki.query(&parameters, &Caller::Anonymous);
                assert_eq!(answer["query"]["pages"].as_array().map(Vec::len), Some(count));
                start.elapsed()
            };
            (0..3).map(run).min().unwrap_or(Duration::MAX)
        };
        // A busy machine gets several attempts.
        assert!((0..5).any(|_| time(8_000) < time(1_000) * 32));
    }
}
