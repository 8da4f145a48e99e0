//! `action=query`.

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
        let (mut normalized, mut pages) = (Vec::new(), Vec::<(String, Value)>::new());
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
            if !pages.iter().any(|(_, known)| known["title"] == page["title"]) {
                pages.push((id, page));
            }
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
