//! What differs of the web side, which only a restart changes.

use std::fmt::Display;

use countersign_core::text;
use countersign_web::Settings;

/// The keys that are others, each with what it is and what it would be.
pub(super) fn changes(before: Option<&Settings>, after: Option<&Settings>) -> Vec<String> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (Some(_), None) => return vec!["web would be gone".to_owned()],
        (None, Some(_)) => return vec!["web would be new".to_owned()],
        (Some(before), Some(after)) => (before, after),
    };
    let certificate = |web: &Settings| {
        let tls = web.tls.as_ref();
        tls.map(|tls| tls.certificate.display().to_string())
            .unwrap_or_default()
    };
    let key = |web: &Settings| {
        let tls = web.tls.as_ref();
        tls.map(|tls| tls.key.display().to_string()).unwrap_or_default()
    };
    let admin = |web: &Settings| web.admin.map(|admin| admin.to_string()).unwrap_or_default();
    let found = [
        would("url", &before.public_url, &after.public_url),
        would("listen", before.listen, after.listen),
        would("certificate", certificate(before), certificate(after)),
        would("key", key(before), key(after)),
        would(
            "trusted_proxies",
            text::list(&before.trusted_proxies),
            text::list(&after.trusted_proxies),
        ),
        would("admin", admin(before), admin(after)),
    ];
    found.into_iter().flatten().collect()
}

/// `web.listen would go from 127.0.0.1:8480 to 0.0.0.0:443`.
fn would(key: &str, before: impl Display, after: impl Display) -> Option<String> {
    let (before, after) = (before.to_string(), after.to_string());
    let said = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    (before != after).then(|| format!("web.{key} would go from {} to {}", said(before), said(after)))
}
