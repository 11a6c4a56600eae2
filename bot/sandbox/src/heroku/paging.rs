//! Lists come in ranges: `Range: version ..; max=10, order=desc` (reference/domain.md §2.1).
//!
//! The bounds follow the order: in a descending list `]803..` begins with what is less than 803.

use std::cmp::Ordering;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Reply;
use super::error::ApiError;

const USUAL_MAX: usize = 200;
const LARGEST_MAX: usize = 1000;

/// A range as it was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Range<'a> {
    field: &'a str,
    start: &'a str,
    after_start: bool,
    end: &'a str,
    max: usize,
    descending: bool,
}

/// The part of a list that was asked for; `fields` are what it can be ordered by, the usual one first.
pub(super) fn list(mut items: Vec<Value>, fields: &[&str], asked: &HeaderMap) -> Reply {
    let text = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
    let usual = fields.first().copied().unwrap_or("id");
    let range = parse(text.unwrap_or(""), usual).filter(|range| fields.contains(&range.field));
    let range = range.ok_or_else(ApiError::range)?;
    let order = |one: &Value, other: &Value| {
        let order = compare(&one[range.field], &as_text(&other[range.field]));
        if range.descending { order.reverse() } else { order }
    };
    items.sort_by(order);
    items.retain(|item| is_within(&range, &item[range.field]));
    let more = items.len() > range.max;
    items.truncate(range.max);
    Ok(respond(&range, fields, &items, more))
}

fn respond(range: &Range<'_>, fields: &[&str], items: &[Value], more: bool) -> Response {
    let status = if more {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    add("accept-ranges", fields.join(", "));
    if let (Some(first), Some(last)) = (items.first(), items.last()) {
        let (first, last) = (as_text(&first[range.field]), as_text(&last[range.field]));
        let order = if range.descending { ", order=desc" } else { "" };
        add(
            "content-range",
            format!("{} {first}..{last}; max={}{order}", range.field, range.max),
        );
        if more {
            add(
                "next-range",
                format!("{} ]{last}..; max={}{order}", range.field, range.max),
            );
        }
    }
    (status, headers, Json(items)).into_response()
}

/// `<field> <start>..<end>; max=N, order=desc`, of which only the field and the dots must be there.
fn parse<'a>(text: &'a str, usual_field: &'a str) -> Option<Range<'a>> {
    let (bounds, options) = text.split_once(';').unwrap_or((text, ""));
    let (field, bounds) = match bounds.trim() {
        "" => (usual_field, ".."),
        bounds => bounds.split_once(' ')?,
    };
    let (start, end) = bounds.trim().split_once("..")?;
    let mut range = Range {
        field,
        start: start.trim_start_matches(']'),
        after_start: start.starts_with(']'),
        end,
        max: USUAL_MAX,
        descending: false,
    };
    for option in options
        .split([',', ';'])
        .map(str::trim)
        .filter(|option| !option.is_empty())
    {
        match option.split_once('=')? {
            ("max", max) => range.max = max.parse().ok().filter(|max| (1..=LARGEST_MAX).contains(max))?,
            ("order", "asc") => range.descending = false,
            ("order", "desc") => range.descending = true,
            _ => return None,
        }
    }
    Some(range)
}

fn is_within(range: &Range<'_>, value: &Value) -> bool {
    let against = |bound: &str| {
        let order = compare(value, bound);
        if range.descending { order.reverse() } else { order }
    };
    let after_start = match against(range.start) {
        _ if range.start.is_empty() => true,
        Ordering::Equal => !range.after_start,
        order => order.is_gt(),
    };
    after_start && (range.end.is_empty() || against(range.end).is_le())
}

fn compare(value: &Value, other: &str) -> Ordering {
    match (value.as_u64(), other.parse::<u64>()) {
        (Some(value), Ok(other)) => value.cmp(&other),
        _ => as_text(value).as_str().cmp(other),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(range: &str) -> (StatusCode, HeaderMap) {
        let items = (1..=25)
            .map(|version| json!({ "version": version, "id": "x" }))
            .collect();
        let mut asked = HeaderMap::new();
        asked.insert("range", range.parse().unwrap());
        let response = list(items, &["version", "id"], &asked).unwrap_or_else(IntoResponse::into_response);
        (response.status(), response.headers().clone())
    }

    #[test]
    fn both_spacings_of_the_official_cli_are_understood() {
        for range in ["version ..; max=10, order=desc", "version ..; order=desc,max=10"] {
            let (status, headers) = page(range);
            assert_eq!(status, 206, "{range}");
            assert_eq!(headers["content-range"], "version 25..16; max=10, order=desc");
            assert_eq!(headers["next-range"], "version ]16..; max=10, order=desc");
        }
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        let (status, headers) = page("version ]6..; max=10, order=desc");
        assert_eq!(status, 200);
        assert_eq!(headers["content-range"], "version 5..1; max=10, order=desc");
        assert!(!headers.contains_key("next-range"));
        assert_eq!(page("version 3..7").1["content-range"], "version 3..7; max=200");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for range in [
            "size ..",
            "version",
            "version ..; max=0",
            "version ..; max=1001",
            "version ..; order=up",
        ] {
            assert_eq!(page(range).0, 416, "{range}");
        }
    }
}
