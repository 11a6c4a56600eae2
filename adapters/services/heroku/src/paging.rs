//! Lists come in pages: `Range` asks for a part, `Next-Range` says how to ask for the next one.
//!
//! `reference/domain.md` §2.1; <https://devcenter.heroku.com/articles/platform-api-reference#ranges>.

use std::marker::PhantomData;

use countersign_http::Call;
use http::{HeaderValue, header};
use serde::de::DeserializeOwned;

use crate::{
    client::Heroku,
    error::{Error, Result},
};

/// The longest page that Heroku gives.
const MAX_PAGE: usize = 1000;

/// The `Range` that asks for the last `count` by this field, last one first.
#[expect(
    clippy::expect_used,
    reason = "a field's name and a number are always a header value"
)]
pub(crate) fn newest_first(field: &'static str, count: usize) -> HeaderValue {
    let max = count.clamp(1, MAX_PAGE);
    HeaderValue::try_from(format!("{field} ..; order=desc,max={max}")).expect("printable ASCII")
}

/// A list, page by page.
#[derive(Debug)]
pub(crate) struct Pages<'a, T> {
    heroku: &'a Heroku,
    /// The call that fetches the next page.
    next: Option<Call>,
    /// The `Range` of the last one.
    asked: HeaderValue,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    /// The list at `call`, newest first by this field, in pages of `size`.
    pub(crate) fn newest_first(heroku: &'a Heroku, call: Call, field: &'static str, size: usize) -> Self {
        let asked = newest_first(field, size);
        Self {
            heroku,
            next: Some(call.with_header(header::RANGE, asked.clone())),
            asked,
            of: PhantomData,
        }
    }

    /// The next page; nothing after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<T>>> {
        let Some(call) = self.next.take() else {
            return Ok(None);
        };
        let answer = self.heroku.client.ask(&call).await?;
        if let Some(range) = answer.headers.get("next-range") {
            if *range == self.asked {
                let why = "its Next-Range leads back to itself";
                return Err(Error::malformed(&call, answer.status, &answer.headers, why));
            }
            self.asked = range.clone();
            self.next = Some(call.with_header(header::RANGE, range.clone()));
        }
        Ok(Some(answer.value))
    }

    /// The first `count` of the list.
    pub(crate) async fn take(mut self, count: usize) -> Result<Vec<T>> {
        let mut taken = Vec::new();
        while taken.len() < count
            && let Some(page) = self.next().await?
        {
            taken.extend(page);
        }
        taken.truncate(count);
        Ok(taken)
    }

    /// The list up to the first element that is not wanted any more.
    pub(crate) async fn take_while(mut self, wanted: impl Fn(&T) -> bool) -> Result<Vec<T>> {
        let mut taken = Vec::new();
        while let Some(page) = self.next().await? {
            for element in page {
                if !wanted(&element) {
                    return Ok(taken);
                }
                taken.push(element);
            }
        }
        Ok(taken)
    }

    /// The first element like this.
    pub(crate) async fn find(mut self, wanted: impl Fn(&T) -> bool) -> Result<Option<T>> {
        while let Some(page) = self.next().await? {
            if let Some(found) = page.into_iter().find(&wanted) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
