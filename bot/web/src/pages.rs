//! The two pages: constant bytes, put together once. Nothing here can ask a store anything, by its types: what a link
//! preview or a scanner fetches has no effect and tells nothing (invariant L3).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};

use crate::answers::{self, Refused};
use crate::{headers, routes};

/// What can be fetched by GET and HEAD below `/s/` and `/d/`, whatever the rest of the path is.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    pub(crate) link: Page,
    pub(crate) drop_box: Page,
}

/// The bytes that anybody gets who fetches the address of a link, of whichever: so the check knows that it is this bot
/// that answers there.
pub fn link_page() -> Bytes {
    Pages::assemble().link.bytes
}

/// One page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    bytes: Bytes,
    policy: HeaderValue,
}

impl Pages {
    pub(crate) fn assemble() -> Self {
        Self {
            link: Page::assemble(
                include_str!("../pages/link.html"),
                include_str!("../pages/link.js"),
            ),
            drop_box: Page::assemble(
                include_str!("../pages/drop_box.html"),
                include_str!("../pages/drop_box.js"),
            ),
        }
    }

    /// The page that belongs to a path, if one does.
    fn of(&self, path: &str) -> Option<&Page> {
        if path.starts_with("/s/") {
            Some(&self.link)
        } else if path.starts_with("/d/") {
            Some(&self.drop_box)
        } else {
            None
        }
    }

    /// The content security policy for replies on this path: its page's, and the link page's where there is no page.
    pub(crate) fn policy(&self, path: &str) -> &HeaderValue {
        &self.of(path).unwrap_or(&self.link).policy
    }
}

impl Page {
    fn assemble(html: &str, script: &str) -> Self {
        let shared = include_str!("../pages/shared.js");
        let html = html
            .replace("/*STYLE*/", include_str!("../pages/style.css"))
            .replace("/*SCRIPT*/", &format!("{shared}\n{script}"));
        // Hashed is what stands between the tags, as the browser does it.
        let policy = headers::policy(inside(&html, "script"), inside(&html, "style"));
        Self {
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
            bytes: Bytes::from(html),
        }
    }
}

/// The text of the first element of this name; nothing if there is none.
fn inside<'h>(html: &'h str, name: &str) -> &'h str {
    let text = || {
        let (_, rest) = html.split_once(&format!("<{name}"))?;
        let (_, rest) = rest.split_once('>')?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    text().unwrap_or_default()
}

/// Answers whatever no other route takes: the pages, 405 on their paths for other methods, 404 elsewhere.
pub(crate) async fn answer(State(pages): State<Pages>, method: Method, uri: Uri) -> Response {
    let Some(page) = pages.of(uri.path()) else {
        return Refused::NotFound.into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        return answers::wrong_method(if routes::takes_posts(uri.path()) {
            "GET, HEAD, POST"
        } else {
            "GET, HEAD"
        });
    }
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::OK, html, page.bytes.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_whole_and_ask_nobody_else() {
        let pages = Pages::assemble();
        for page in [&pages.link, &pages.drop_box] {
            let html = std::str::from_utf8(&page.bytes).unwrap();
            assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
            assert!(
                !html.contains("/*STYLE*/") && !html.contains("/*SCRIPT*/"),
                "{html}"
            );
            for tag in ["<script", "</script", "<style", "</style"] {
                assert_eq!(html.matches(tag).count(), 1, "{tag}");
            }
            assert!(
                !html.contains('\r'),
                "browsers hash the text with other line ends"
            );
            for outside in [
                "src=",
                "@import",
                "<link",
                "<iframe",
                "http-equiv",
                "style=\"",
                "onclick=",
            ] {
                assert!(!html.contains(outside), "{outside}");
            }
            assert!(!inside(html, "style").contains("url("));
            assert!(!inside(html, "script").is_empty() && !inside(html, "style").is_empty());
        }
        assert_ne!(pages.link.bytes, pages.drop_box.bytes);
        assert_ne!(pages.link.policy, pages.drop_box.policy);
    }

    #[test]
    fn the_policy_names_the_hash_of_what_stands_between_the_tags() {
        let policy = headers::policy("alert(1)", "");
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='; \
             style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
        );
        assert_eq!(inside("a<script type=x>b\nc</script>d", "script"), "b\nc");
    }
}
