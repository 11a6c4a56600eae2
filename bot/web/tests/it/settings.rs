//! What does not start says why, and what to do.

use countersign_web::Settings;
use countersign_web::settings::TlsFiles;

use crate::support::{settings, with};

/// Behind a proxy on this machine.
fn words(url: &str) -> String {
    let mut settings = Settings::new("127.0.0.1:0".parse().unwrap(), url.parse().unwrap());
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    settings
        .check()
        .map_or_else(|error| error.to_string(), |()| "good".to_owned())
}

#[test]
fn a_public_url_can_stand_before_links() {
    for url in [
        "https://ops.example.org/",
        "https://example.org:8443/ops/",
        "http://localhost:8080/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
    ] {
        assert_eq!(words(url), "good", "{url}");
    }
    for (url, why) in [
        (
            "http://ops.example.org/",
            "links would be fetched in the clear; write https://",
        ),
        (
            "ftp://ops.example.org/",
            "write https://, the host, and a path that ends with /",
        ),
        (
            "https://ops.example.org/x",
            "it must end with /, so that s/… can follow",
        ),
        (
            "https://ops.example.org/?a",
            "it must end with /, so that s/… can follow",
        ),
        (
            "https://bob@ops.example.org/",
            "a name or password in it would stand in every link; take it out",
        ),
    ] {
        let shown = url.replace("bob@", "");
        assert_eq!(words(url), format!("the public URL {shown} can't be used: {why}"));
    }
}

#[test]
fn the_password_in_a_public_url_is_not_said_again() {
    assert!(!words("https://bob:canary@ops.example.org/").contains("canary"));
}

#[test]
fn nobody_speaks_plain_http_to_the_whole_network() {
    let mut settings = Settings::new(
        "0.0.0.0:80".parse().unwrap(),
        "http://localhost/".parse().unwrap(),
    );
    let words = settings.check().unwrap_err().to_string();
    assert_eq!(
        words,
        "0.0.0.0:80 would speak plain HTTP to everybody; listen on 127.0.0.1, or name a certificate and its key"
    );
    settings.listen = "127.0.0.1:80".parse().unwrap();
    settings.check().unwrap();
}

#[test]
fn https_needs_a_certificate_or_a_proxy_that_is_named_wherever_it_listens() {
    for listen in ["127.0.0.1:8480", "[::1]:8480", "0.0.0.0:443"] {
        let url = "https://ops.example.org/".parse().unwrap();
        let bare = Settings::new(listen.parse().unwrap(), url);
        assert_eq!(
            bare.check().unwrap_err().to_string(),
            "nobody speaks TLS for https://ops.example.org/; name under trusted_proxies the proxy that does (what stands \
             unnamed before the bot makes all visitors look like one), or a certificate and its key",
            "{listen}"
        );
        let mut proxied = bare.clone();
        proxied.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
        proxied.check().unwrap();
        let mut certified = bare;
        certified.tls = Some(TlsFiles::new("tls.crt", "tls.key"));
        certified.check().unwrap();
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_before_anything_runs() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let mut first = settings();
    first.listen = address;
    let mut second = settings();
    second.admin = Some(address);
    for settings in [first, second] {
        let error = with(settings).await.err().unwrap();
        let expected = format!(
            "can't listen on {address}: another program listens there; stop it, or choose another port"
        );
        assert_eq!(error.to_string(), expected);
    }
    let mut elsewhere = settings();
    elsewhere.listen = "192.0.2.1:0".parse().unwrap();
    elsewhere.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let error = with(elsewhere).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "can't listen on 192.0.2.1:0: this machine has no such address"
    );
}
