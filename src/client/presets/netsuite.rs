//! NetSuite, whose addresses and realm follow from the account.

use std::fmt;

use http::Method;

use super::Preset;
use super::preset::https;
use crate::client::ProblemKind;
use crate::client::handshake::{AuthorizationPage, Endpoint, Provider};
use crate::client::refusals::Dialect;
use crate::client::sign::TimestampOrder;
use crate::protocol::{Origin, SignatureMethod};

/// The identifier of a NetSuite account, and the origins that follow from it.
///
/// ```
/// use tower_oauth1::client::presets::NetSuiteAccount;
///
/// let account = NetSuiteAccount::new("1234567_SB1")?;
/// assert_eq!(account.suitetalk().to_string(), "https://1234567-sb1.suitetalk.api.netsuite.com");
/// assert_eq!(account.realm(), "1234567_SB1");
/// # Ok::<_, tower_oauth1::client::presets::InvalidAccountId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetSuiteAccount {
    /// As it is written in URLs: lower case, with `-`.
    in_urls: Box<str>,
}

impl NetSuiteAccount {
    /// The account with this identifier: `1234567`, or `1234567_SB1` for a sandbox. The spelling of URLs, `1234567-sb1`,
    /// is accepted too.
    ///
    /// # Errors
    ///
    /// [`InvalidAccountId`] if the text cannot be the identifier of an account.
    pub fn new(account_id: &str) -> Result<Self, InvalidAccountId> {
        let in_urls = account_id.to_ascii_lowercase().replace('_', "-");
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        // It becomes a label of a host name, RFC 1123 §2.1.
        if in_urls.len() > 63 || !in_urls.split('-').all(is_part) {
            return Err(InvalidAccountId);
        }
        Ok(Self { in_urls: in_urls.into() })
    }

    /// The origin of SuiteTalk: REST and SOAP web services.
    pub fn suitetalk(&self) -> Origin {
        https(&self.host("suitetalk.api"))
    }

    /// The origin of RESTlets, which is that of legs 1 and 3 too.
    pub fn restlets(&self) -> Origin {
        https(&self.host("restlets.api"))
    }

    /// The origin of the application, with the page on which the user decides.
    pub fn app(&self) -> Origin {
        https(&self.host("app"))
    }

    /// The realm: the identifier in upper case, with `_`.
    pub fn realm(&self) -> String {
        self.in_urls.to_ascii_uppercase().replace('-', "_")
    }

    /// The [preset](netsuite()) of this account.
    pub fn preset(&self) -> Preset<Provider> {
        let endpoint = |path: &str| Endpoint::at(Method::POST, &format!("{}{path}", self.restlets()), self.restlets());
        let page = AuthorizationPage::new(format!("{}/app/login/secure/authorizetoken.nl", self.app()));
        let preset = Preset {
            method: SignatureMethod::HmacSha256,
            realm: Some(self.realm()),
            timestamp_order: TimestampOrder::Monotonic,
            dialect: Dialect::new()
                .challenge("error", "error_description")
                .word("nonce_rejected", ProblemKind::ParameterRejected)
                .word("MissingTokenPassportRequiredFields", ProblemKind::ParameterAbsent),
            ..Preset::of([self.suitetalk(), self.restlets()])
        };
        preset.provider(Provider::new(endpoint("/rest/requesttoken"), page, endpoint("/rest/accesstoken")))
    }

    fn host(&self, service: &str) -> String {
        format!("{}.{service}.netsuite.com", self.in_urls)
    }
}

/// [NetSuite](https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/), token-based authentication (TBA).
///
/// The account is given by its identifier. If you need its origins by name, make a [`NetSuiteAccount`] first.
///
/// | | | source |
/// |---|---|---|
/// | API | `1234567-sb1.suitetalk.api.netsuite.com`, `1234567-sb1.restlets.api.netsuite.com` | [1], [7] |
/// | method | HMAC-SHA256 only | [2] |
/// | realm | the account: upper case, with `_` | [5], [6] |
/// | timestamps | never before one that was sent | [2] |
/// | leg 1 | POST `https://1234567-sb1.restlets.api.netsuite.com/rest/requesttoken` | [2] |
/// | the user | `https://1234567-sb1.app.netsuite.com/app/login/secure/authorizetoken.nl`; optional parameter `state` | [3] |
/// | leg 3 | POST `https://1234567-sb1.restlets.api.netsuite.com/rest/accesstoken` | [4] |
/// | refusals | `error` and `error_description` in the `OAuth` challenge of `WWW-Authenticate` | [9] |
///
/// The callback must be the one in the integration record ([2]). Tokens that were made in NetSuite itself need no
/// handshake. Oracle prefers that addresses are looked up instead of made from the account ([8]): if the account's
/// "Company URLs" are different, set [`Preset::origins`] to those.
///
/// # Errors
///
/// [`InvalidAccountId`] if the text cannot be the identifier of an account.
///
/// [1]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_157011836591.html
/// [2]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156338994830.html
/// [3]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156536698849.html
/// [4]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156537025868.html
/// [5]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4609939018.html
/// [6]: https://github.com/netsuite-upload-org/netsuite-upload/issues/38
/// [7]: https://github.com/oracle/netsuite-suitecloud-sdk/issues/102
/// [8]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1498251763.html
/// [9]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_156935170194.html
pub fn netsuite(account_id: &str) -> Result<Preset<Provider>, InvalidAccountId> {
    Ok(NetSuiteAccount::new(account_id)?.preset())
}

/// A text cannot be the identifier of a NetSuite account.
///
/// [`NetSuiteAccount::new`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidAccountId;

impl fmt::Display for InvalidAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the NetSuite account ID must be letters and digits, in parts joined by `_`; it is on Setup > Company > \
             Company Information",
        )
    }
}

impl std::error::Error for InvalidAccountId {}
