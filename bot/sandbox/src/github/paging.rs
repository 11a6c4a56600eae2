//! Pages: `per_page`, `page` and the `Link` header.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;

use crate::exchange::FullUri;
use crate::server::Shared;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Asked {
    per_page: Option<usize>,
    page: Option<usize>,
}

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) number: usize,
    size: usize,
}

impl Asked {
    /// Whether there is any word of pages.
    pub(super) fn is_paged(self) -> bool {
        self.per_page.is_some() || self.page.is_some()
    }

    pub(super) fn page(self) -> Page {
        let size = self.per_page.filter(|size| *size > 0).unwrap_or(30).min(100);
        Page {
            number: self.page.unwrap_or(1).max(1),
            size,
        }
    }
}

impl Page {
    /// The items on the page.
    pub(super) fn of<T>(self, items: &[T]) -> &[T] {
        let start = (self.number - 1).saturating_mul(self.size).min(items.len());
        let end = start.saturating_add(self.size).min(items.len());
        &items[start..end]
    }

    /// Where the other pages of a list of `count` items are; no header if there are none.
    pub(super) fn links(self, shared: &Shared, uri: &FullUri, count: usize) -> HeaderMap {
        let last = count.div_ceil(self.size).max(1);
        let mut links = Vec::new();
        let mut add = |rel: &str, page: usize| {
            links.push(format!(
                "<{}>; rel=\"{rel}\"",
                shared.url(&with_page(&uri.0, page))
            ));
        };
        if self.number > 1 {
            add("prev", self.number - 1);
            add("first", 1);
        }
        if self.number < last {
            add("next", self.number + 1);
            add("last", last);
        }
        let value = HeaderValue::from_str(&links.join(", "))
            .ok()
            .filter(|value| !value.is_empty());
        value.map(|value| (header::LINK, value)).into_iter().collect()
    }
}

fn with_page(uri: &Uri, page: usize) -> String {
    let query = uri.query().unwrap_or("").split('&');
    let others = query.filter(|part| !part.is_empty() && !part.starts_with("page="));
    let page = format!("page={page}");
    let query: Vec<&str> = others.chain([page.as_str()]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_the_list() {
        let items: Vec<usize> = (0..65).collect();
        let page = |number| {
            Asked {
                per_page: None,
                page: Some(number),
            }
            .page()
            .of(&items)
            .len()
        };
        assert_eq!([page(0), page(1), page(2), page(3), page(4)], [30, 30, 30, 5, 0]);
        assert_eq!(
            Asked {
                per_page: Some(1000),
                page: None
            }
            .page()
            .of(&items)
            .len(),
            65
        );
    }

    #[test]
    fn links_keep_the_rest_of_the_query() {
        let uri: Uri = "/github/x?sha=master&page=2&per_page=5".parse().unwrap();
        assert_eq!(with_page(&uri, 3), "/github/x?sha=master&per_page=5&page=3");
    }
}
