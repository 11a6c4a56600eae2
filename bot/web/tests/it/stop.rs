//! The end: what was begun is finished, within a time.

use std::time::Duration;

use countersign_core::door::Redemption;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::support::{House, JSON, house};
use crate::wire::{PATIENCE, reply, request, to_the_end};

/// Somebody opens the link, and the store takes its time.
async fn in_the_middle(house: &House) -> TcpStream {
    house.vault.gate.forget_permits(Semaphore::MAX_PERMITS);
    let opened = Redemption::Opened {
        nonce: [1; 12],
        ciphertext: vec![2; 3],
    };
    house.vault.redemptions.lock().unwrap().push_back(opened);
    let mut stream = TcpStream::connect(house.addr()).await.unwrap();
    let body = house.opening().to_string();
    let keep_alive = request("POST", &house.path("s", "redeem"), JSON, &body);
    stream.write_all(&keep_alive).await.unwrap();
    house.vault.came.acquire().await.unwrap().forget();
    stream
}

#[tokio::test]
async fn a_request_that_is_being_answered_is_answered_and_no_other_comes_in() {
    let mut house = house().await;
    let mut idle = TcpStream::connect(house.addr()).await.unwrap();
    let mut stream = in_the_middle(&house).await;
    let address = house.addr();
    let stopping = tokio::spawn(house.web.take().unwrap().stop(PATIENCE));
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(to_the_end(&mut idle).await, b"", "who asks nothing is let go");
    assert!(!stopping.is_finished());
    house.vault.gate.add_permits(1);
    assert_eq!(reply(&to_the_end(&mut stream).await).status, 200);
    assert!(stopping.await.unwrap(), "all ended by themselves");
}

#[tokio::test]
async fn what_takes_too_long_is_cut() {
    let mut house = house().await;
    let mut stream = in_the_middle(&house).await;
    assert!(!house.web.take().unwrap().stop(Duration::from_millis(100)).await);
    assert_eq!(to_the_end(&mut stream).await, b"");
}

#[tokio::test]
async fn who_drops_it_stops_it() {
    let mut house = house().await;
    let address = house.addr();
    drop(house.web.take());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
