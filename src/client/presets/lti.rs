//! LTI 1.1: learning platforms launch tools, and tools report results.

use super::Preset;
use crate::protocol::{BodyHash, Origin, Transmission};

/// LTI 1.1, the launch of this tool.
///
/// A learning platform signs a form, which the user's browser posts to the tool.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA1 | [1] |
/// | parameters | in the form, with `oauth_callback=about:blank` | [1] |
/// | token | none | [1] |
///
/// ```
/// use tower_oauth1::client::{Nonce, presets};
/// use tower_oauth1::protocol::{Payload, ProtocolParameters, RequestHead, Signed, Stamp};
/// use tower_oauth1::{ClientCredentials, Clock, Origin};
///
/// let launch = presets::lti_launch(Origin::parse("https://tool.example")?);
/// let signer = launch.signer(ClientCredentials::new("key", "secret"));
/// let signer = signer.parameters(ProtocolParameters::new().parameter("oauth_callback", "about:blank"));
///
/// let form = b"lti_message_type=basic-lti-launch-request&lti_version=LTI-1p0&resource_link_id=42&roles=Learner";
/// let head = RequestHead::new("POST", "https://tool.example/launch")?;
/// let nonce = Nonce::random();
/// let stamp = Stamp { timestamp: Clock::default().now(), nonce: nonce.as_str() };
/// let Signed::Form(form) = signer.request(head, Payload::Form(form)).stamp(stamp).sign()? else {
///     return Err("the preset signs forms".into());
/// };
/// // Each pair of `form`, decoded, becomes a hidden input of the page that the browser submits.
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The tool verifies the launch with
#[cfg_attr(feature = "server", doc = "[`OAuthVerifyLayer`](crate::OAuthVerifyLayer).")]
#[cfg_attr(not(feature = "server"), doc = "`OAuthVerifyLayer` (feature `server`).")]
///
/// [1]: https://www.imsglobal.org/specs/ltiv1p1/implementation-guide
#[doc(alias = "lti")]
pub fn lti_launch(tool: Origin) -> Preset {
    Preset { transmission: Transmission::Form, ..Preset::of([tool]) }
}

/// LTI 1.1, basic outcomes, to the learning platform at this origin.
///
/// A tool reports results.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA1, in the header | [1] |
/// | body | `application/xml`, with `oauth_body_hash` (SHA-1) | [1], [2] |
/// | token | none | [1] |
///
/// Post the XML (`imsx_POXEnvelopeRequest`) to the `lis_outcome_service_url` of the launch, through the
/// [`sign_layer`](Preset::sign_layer) of this preset. The platform reports success or failure in `imsx_codeMajor` of its
/// XML answer, with status 200.
///
/// [1]: https://www.imsglobal.org/specs/ltiv1p1/implementation-guide
/// [2]: https://github.com/1EdTech/basiclti-util-java/issues/20
pub fn lti_outcomes(platform: Origin) -> Preset {
    Preset { body_hash: BodyHash::NonForm, ..Preset::of([platform]) }
}
