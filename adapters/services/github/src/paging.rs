//! Lists come in pages, and the header `Link` says whether there is another.
//!
//! <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>

use countersign_http::Call;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    client::GitHub,
    error::{Error, Result},
};

/// The longest page that GitHub gives.
const PER_PAGE: &str = "100";

impl GitHub {
    /// The first page, and all others.
    pub(crate) async fn pages<P: DeserializeOwned>(&self, call: Call) -> Result<(P, Vec<P>)> {
        let call = call.with("per_page", PER_PAGE);
        let (first, mut next) = self.page(&call, 1).await?;
        let mut rest = Vec::new();
        while let Some(number) = next {
            let page;
            (page, next) = self.page(&call, number).await?;
            rest.push(page);
        }
        Ok((first, rest))
    }

    /// A page, and the number of the next one.
    async fn page<P: DeserializeOwned>(&self, call: &Call, number: u32) -> Result<(P, Option<u32>)> {
        let call = call.clone().with("page", &number.to_string());
        let answer = self.client.ask(&call).await?;
        let next = next_page(&answer.headers);
        if next.is_some_and(|next| next <= number) {
            let why = "its Link does not lead forward";
            return Err(Error::malformed(&call, answer.status, &answer.headers, why));
        }
        Ok((answer.value, next))
    }
}

/// The page that `Link` calls `next`: `<https://api.github.com/…?page=2>; rel="next", <…>; rel="last"`.
///
/// Only its number is taken. The address itself is none of our making, and the token must not be sent to it.
fn next_page(headers: &HeaderMap) -> Option<u32> {
    let links = headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let next = links
        .flat_map(|value| value.split(','))
        .find(|link| link.contains(r#"rel="next""#))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    let url = Url::parse(address).ok()?;
    url.query_pairs().find(|(name, _)| name == "page")?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(link: &'static str) -> Option<u32> {
        next_page(&HeaderMap::from_iter([(header::LINK, link.parse().unwrap())]))
    }

    #[test]
    fn link_is_understood() {
        assert_eq!(
            next_of(r#"<https://x/a?per_page=100&page=2>; rel="next", <https://x/a?page=9>; rel="last""#),
            Some(2)
        );
        assert_eq!(
            next_of(r#"<https://x/a?page=1>; rel="prev", <https://x/a?page=3&per_page=100>; rel="next""#),
            Some(3)
        );
        assert_eq!(
            next_of(r#"<https://x/a?page=8>; rel="prev", <https://x/a?page=1>; rel="first""#),
            None
        );
        assert_eq!(next_of("nonsense"), None);
        assert_eq!(next_page(&HeaderMap::new()), None);
    }
}
