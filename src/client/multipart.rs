//! Multipart bodies, for uploads.

use std::fmt;

use bytes::Bytes;

use super::nonce::Nonce;
use super::sign::SignedParameters;

/// A `multipart/form-data` body (RFC 7578): text parts and files, held in memory.
///
/// The signature does not cover a multipart body (RFC 5849 §3.4.1.3.1). Most services want it like this. Some, such as
/// [Flickr](https://www.flickr.com/services/api/upload.api.html), want the text parts signed all the same:
/// [`signed_parameters`](Self::signed_parameters) returns the extension for that.
///
/// ```
/// use http::Request;
/// use tower_oauth1::client::{Multipart, RequestBuilderExt as _};
///
/// # let photo = "";
/// let upload = Multipart::new().text("title", "tattoo").file("photo", "tattoo.jpg", "image/jpeg", photo);
/// let request = Request::post("https://up.flickr.com/services/upload/")
///     .extension(upload.signed_parameters())
///     .multipart(upload)?;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone)]
pub struct Multipart {
    boundary: Nonce,
    body: Vec<u8>,
    texts: Vec<(String, String)>,
}

impl Multipart {
    /// A body without parts, with a random boundary.
    pub fn new() -> Self {
        Self { boundary: Nonce::random(), body: Vec::new(), texts: Vec::new() }
    }

    /// Adds a text part, in UTF-8.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.part(name, "", value.as_bytes());
        self.texts.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a file with its media type. Characters that no header may hold are left out of the type.
    #[must_use]
    pub fn file(mut self, name: &str, file_name: &str, content_type: &str, content: impl AsRef<[u8]>) -> Self {
        let content_type: String = content_type.chars().filter(|c| (' '..='~').contains(c)).collect();
        let headers = format!("; filename=\"{}\"\r\nContent-Type: {content_type}", quoted(file_name));
        self.part(name, &headers, content.as_ref());
        self
    }

    /// Returns the extension for services that want the text parts signed.
    pub fn signed_parameters(&self) -> SignedParameters {
        self.texts.iter().cloned().collect()
    }

    fn part(&mut self, name: &str, headers: &str, content: &[u8]) {
        let (boundary, name) = (self.boundary, quoted(name));
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{headers}\r\n\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(super) fn into_body(mut self) -> Bytes {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.body.into()
    }
}

/// A name as browsers write it: <https://html.spec.whatwg.org/#multipart-form-data>.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Multipart {
    /// Shows the length, never a name or a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let upload = Multipart::new().text("title", "a b\r\n\u{e9}").text("\"a\"\r\nX: y", "").file(
            "photo",
            "a\".jpg\r\nX: y",
            "image/jpeg\r\nX: y",
            b"\xFF\x00",
        );
        let boundary = upload.boundary.as_str().to_owned();
        assert_eq!(upload.content_type(), format!("multipart/form-data; boundary={boundary}"));
        assert!(!format!("{upload:?}").contains("title"));
        let expected = [
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\na b\r\n\u{e9}\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"%22a%22%0D%0AX: y\"\r\n\r\n\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a%22.jpg%0D%0AX: y\"\r\n",
            "Content-Type: image/jpegX: y\r\n\r\n\u{FFFD}\0\r\n--B--\r\n",
        ];
        assert_eq!(String::from_utf8_lossy(&upload.into_body()).replace(&boundary, "B"), expected.concat());
        assert_eq!(String::from_utf8_lossy(&Multipart::new().into_body()).len(), 26 + 6);
    }
}
