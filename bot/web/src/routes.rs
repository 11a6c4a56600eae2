//! Which addresses there are. A request's path holds an id that only its owner should have: logs and metrics name the
//! template instead.

/// The template of a path: `/s/{id}/redeem`. What is no address of ours is `other`.
pub(crate) fn template(path: &str) -> &'static str {
    let parts: Vec<&str> = path.splitn(5, '/').collect();
    match parts[..] {
        ["", "s", _, "status"] => "/s/{id}/status",
        ["", "s", _, "redeem"] => "/s/{id}/redeem",
        ["", "s", ..] if parts.len() > 2 => "/s/{id}",
        ["", "d", _, "status"] => "/d/{id}/status",
        ["", "d", _, "fill"] => "/d/{id}/fill",
        ["", "d", ..] if parts.len() > 2 => "/d/{id}",
        ["", "healthz"] => "/healthz",
        ["", "readyz"] => "/readyz",
        ["", "metrics"] => "/metrics",
        _ => "other",
    }
}

/// Whether POST is a method of this path.
pub(crate) fn takes_posts(path: &str) -> bool {
    matches!(
        template(path),
        "/s/{id}/status" | "/s/{id}/redeem" | "/d/{id}/status" | "/d/{id}/fill"
    )
}

/// The id's place in a path, as it was sent: what is percent-encoded is no id.
pub(crate) fn id(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_holds_what_a_path_holds() {
        for (path, expected) in [
            ("/s/secret", "/s/{id}"),
            ("/s/", "/s/{id}"),
            ("/s/secret/redeem", "/s/{id}/redeem"),
            ("/s/secret/redeem/", "/s/{id}"),
            ("/s/a/b/status", "/s/{id}"),
            ("/d/secret/fill", "/d/{id}/fill"),
            ("/d/secret/redeem", "/d/{id}"),
            ("/d//status", "/d/{id}/status"),
            ("/s", "other"),
            ("/x/secret", "other"),
            ("*", "other"),
            ("", "other"),
            ("/healthz", "/healthz"),
        ] {
            assert_eq!(template(path), expected, "{path}");
        }
        assert_eq!(id("/s/secret/redeem"), "secret");
        assert_eq!(id("/s//redeem"), "");
        assert!(takes_posts("/d/x/fill") && !takes_posts("/d/x") && !takes_posts("/s/x/fill"));
    }
}
