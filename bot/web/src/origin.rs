//! Which pages may post: our own, and programs that are no browser.

use http::header::{self, HeaderMap};

/// `Origin` is ours, or neither `Origin` nor `Sec-Fetch-Site` is there at all (`countersign redeem`). Browsers send at
/// least one of them with every POST, and no page can take them away.
pub(crate) fn may_post(headers: &HeaderMap, ours: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => !headers.contains_key("sec-fetch-site"),
        (Some(origin), None) => origin.as_bytes() == ours.as_bytes(),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_page_and_no_browser_at_all_may_post() {
        const OURS: &str = "https://ops.example.org";
        let may = |lines: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            may_post(&headers, OURS)
        };
        assert!(may(&[]));
        assert!(may(&[("origin", OURS)]));
        assert!(may(&[("origin", OURS), ("sec-fetch-site", "same-origin")]));
        for other in [
            "null",
            "https://ops.example.org.evil.example",
            "http://ops.example.org",
            "https://ops.example.org/",
            "",
        ] {
            assert!(!may(&[("origin", other)]), "{other}");
        }
        assert!(!may(&[("sec-fetch-site", "same-origin")]));
        assert!(!may(&[("sec-fetch-site", "none")]));
        assert!(!may(&[("origin", OURS), ("origin", OURS)]));
    }
}
