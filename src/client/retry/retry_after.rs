//! `Retry-After`, RFC 9110 §10.2.3.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use httpdate::parse_http_date;

/// The time for which the server asks to wait.
///
/// A date is measured from the response's own `Date`, so that the two clocks need not agree. Without `Date` it is ignored.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are longer than any limit.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let (now, then) = (parse_http_date(text(DATE)?).ok()?, parse_http_date(value).ok()?);
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        const NOW: &str = "Mon, 23 Nov 2026 18:24:16 GMT";
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, date, expected) in [
            ("5", "", seconds(5)),
            (" 0 ", "", seconds(0)),
            ("99999999999999999999999", "", seconds(u64::MAX)),
            ("Mon, 23 Nov 2026 18:25:16 GMT", NOW, seconds(60)),
            ("Monday, 23-Nov-26 18:25:16 GMT", NOW, seconds(60)),
            ("Mon Nov 23 18:25:16 2026", NOW, seconds(60)),
            // Already over.
            ("Mon, 23 Nov 2026 18:24:15 GMT", NOW, seconds(0)),
            ("Mon, 23 Nov 2026 18:25:16 GMT", "", None),
            ("Mon, 23 Nov 2026 18:25:16 GMT", "today", None),
            ("-5", NOW, None),
            ("+5", NOW, None),
            ("5.5", NOW, None),
            ("", NOW, None),
            ("soon", NOW, None),
        ] {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            if !date.is_empty() {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers), expected, "{value} at {date}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
