//! Drop boxes: filled once, planned by themselves, used as they were signed, and emptied by whatever ends the request.

use countersign_core::door::Filled;
use countersign_core::drop_box::{DropBox, State};
use countersign_core::link::Visitor;
use countersign_core::message::Place;
use countersign_core::reply::{Block, Post, Span};
use countersign_secrets::drop_box::{Filling, fill};
use countersign_secrets::link::link_proof;
use countersign_secrets::proof::LinkProof;
use countersign_secrets::url::LinkUrl;
use futures_util::future::join_all;

use super::world::{World, at};

const VALUE: &str = "canary-of-the-new-key";

fn by() -> Visitor {
    Visitor {
        peer: "10.2.3.4".into(),
        agent: String::new(),
    }
}

/// What is sealed in posts, opened as the speaker does.
pub(crate) fn said(world: &World, posts: impl IntoIterator<Item = Post>) -> Vec<String> {
    let keys = &world.links.settings().keys;
    let mut said = Vec::new();
    for post in posts {
        let Place::Direct(to) = &post.place else { continue };
        let bound_to = format!("said to {} on {}", to.name, to.network);
        for block in post.reply.blocks {
            let Block::Line(line) = block else { continue };
            for span in line.0 {
                if let Span::Sealed(sealed) = span {
                    let bytes = keys.open(&bound_to, &sealed).unwrap();
                    said.push(String::from_utf8(bytes.to_vec()).unwrap());
                }
            }
        }
    }
    said
}

/// A box that alice was sent, and what proves that she has its address.
async fn invited(world: &World) -> (DropBox, LinkProof) {
    let heard = world.says("alice", "put stage NEW_KEY").await;
    let disk = world.store.disk();
    let drop_box = disk.boxes.into_values().next().unwrap();
    assert!(heard.contains(drop_box.id.as_str()), "{heard}");
    let said = said(world, disk.posts.into_values());
    let url = LinkUrl::parse(&said[0]).unwrap();
    (drop_box.clone(), link_proof(&drop_box.path, &url.key))
}

fn filling(drop_box: &DropBox, ephemeral: u8, value: &str) -> Filling {
    let public: Vec<u8> = (0..130)
        .step_by(2)
        .map(|at| u8::from_str_radix(&drop_box.public[at..at + 2], 16).unwrap())
        .collect();
    let public = public.try_into().unwrap();
    fill(
        &public,
        &drop_box.header,
        [ephemeral; 32],
        [7; 12],
        value.as_bytes(),
    )
    .unwrap()
}

/// A box with the value in it, and the request that came of it.
async fn planned(world: &World) -> (DropBox, String) {
    let (drop_box, proof) = invited(world).await;
    let content = filling(&drop_box, 1, VALUE);
    let came = world
        .bot
        .door()
        .fill(&drop_box.path, &proof, content, &by())
        .await
        .unwrap();
    assert!(matches!(came, Filled::Taken { .. }));
    world.works().await;
    let request = world.store.disk().requests.into_keys().next().unwrap();
    (
        world.store.disk().boxes[&drop_box.id].clone(),
        request.to_string(),
    )
}

#[tokio::test]
async fn of_many_who_fill_a_box_at_once_one_does_and_it_keeps_what_that_one_dropped() {
    let world = World::new(1);
    let (drop_box, proof) = invited(&world).await;
    let door = world.bot.door();
    let fills = (1..=64).map(|n| {
        let content = filling(&drop_box, n, &format!("value {n}"));
        let (door, path, proof) = (door.clone(), drop_box.path, &proof);
        async move { door.fill(&path, proof, content, &by()).await.unwrap() }
    });
    let came = join_all(fills).await;
    let taken: Vec<_> = came
        .iter()
        .filter_map(|came| match came {
            Filled::Taken { sha256 } => Some(sha256.clone()),
            Filled::Gone(ending) => {
                assert_eq!(ending.state, "filled");
                None
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let kept = world.store.disk().boxes[&drop_box.id].content.clone().unwrap();
    assert_eq!(taken, [kept.sha256()]);
}

#[tokio::test]
async fn what_cannot_be_read_and_what_comes_from_strangers_or_too_late_is_not_taken() {
    let world = World::new(1);
    let (drop_box, proof) = invited(&world).await;
    let door = world.bot.door();
    let before = world.store.disk();
    let stranger = LinkProof::parse(&"A".repeat(43)).unwrap();
    let good = filling(&drop_box, 1, VALUE);
    let fill = async |proof: &LinkProof, content: Filling| {
        door.fill(&drop_box.path, proof, content, &by()).await.unwrap()
    };
    assert_eq!(fill(&stranger, good.clone()).await, Filled::NotFound);
    let mut damaged = good.clone();
    damaged.ciphertext[3] ^= 1;
    assert_eq!(fill(&proof, damaged).await, Filled::Unreadable);
    let mut of_another = drop_box.clone();
    of_another.header = of_another.header.replace("NEW_KEY", "OLD_KEY");
    assert_eq!(
        fill(&proof, filling(&of_another, 1, VALUE)).await,
        Filled::Unreadable
    );
    assert_eq!(fill(&proof, filling(&drop_box, 1, "")).await, Filled::Unreadable);
    assert_eq!(world.store.disk(), before);
    world.clock.set(at(3600));
    assert!(matches!(fill(&proof, good).await, Filled::Gone(ending) if ending.state == "expired"));
    assert_eq!(world.store.disk(), before);
}

#[tokio::test]
async fn the_plan_names_what_was_dropped_and_that_is_what_is_used() {
    let world = World::new(1);
    let (drop_box, request) = planned(&world).await;
    let plan = world.store.disk().requests[request.as_str()].plan.clone();
    let content = drop_box.content.clone().unwrap();
    assert_eq!(plan.parameters["sha256"], content.sha256());
    assert_eq!(plan.parameters["drop_box"], drop_box.id.as_str());
    let value = world.links.dropped(&plan).await.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&value), VALUE);

    // Somebody who can write to the store puts something else there.
    let other = filling(&drop_box, 2, "something else");
    let mut swapped = drop_box.clone();
    swapped.content = Some(other);
    world
        .store
        .disk
        .lock()
        .unwrap()
        .boxes
        .insert(drop_box.id.clone(), swapped);
    let trouble = world.links.dropped(&plan).await.unwrap_err();
    assert!(
        trouble.sentence().contains("is not what was signed"),
        "{}",
        trouble.sentence()
    );
}

#[tokio::test]
async fn it_is_planned_once_however_often_the_worker_looks() {
    let world = World::new(1);
    planned(&world).await;
    world.works().await;
    world.works().await;
    assert_eq!(world.store.disk().requests.len(), 1);
}

#[tokio::test]
async fn any_end_of_the_request_empties_the_box() {
    for end in ["deny", "cancel", "time"] {
        let world = World::new(1);
        let (drop_box, request) = planned(&world).await;
        assert!(drop_box.content.is_some() && drop_box.private.is_some());
        let heard = match end {
            "deny" => world.says("bob", &format!("deny {request}")).await,
            "cancel" => world.says("alice", &format!("cancel {request}")).await,
            _ => {
                world.clock.set(at(31 * 60));
                world.works().await;
                String::new()
            }
        };
        let disk = world.store.disk();
        assert!(disk.requests[request.as_str()].state.is_final(), "{end}: {heard}");
        let emptied = &disk.boxes[&drop_box.id];
        assert_eq!((&emptied.content, &emptied.private), (&None, &None), "{end}");
        assert!(matches!(emptied.state, State::Closed { .. }), "{end}");
        let plan = disk.requests[request.as_str()].plan.clone();
        let trouble = world.links.dropped(&plan).await.unwrap_err();
        assert!(trouble.sentence().contains("is gone"), "{}", trouble.sentence());
    }
}

#[tokio::test]
async fn a_box_serves_its_owner_for_its_own_line_once() {
    let world = World::new(1);
    let (drop_box, proof) = invited(&world).await;
    let id = &drop_box.id;
    let heard = world
        .says("alice", &format!("put stage NEW_KEY --box {id}"))
        .await;
    assert!(
        heard.contains(&format!("nothing is in drop box {id} yet")),
        "{heard}"
    );
    let content = filling(&drop_box, 1, VALUE);
    world
        .bot
        .door()
        .fill(&drop_box.path, &proof, content, &by())
        .await
        .unwrap();

    let heard = world.says("bob", &format!("put stage NEW_KEY --box {id}")).await;
    assert!(heard.contains(&format!("you have no drop box {id}")), "{heard}");
    let heard = world
        .says("alice", &format!("put stage OTHER_KEY --box {id}"))
        .await;
    assert!(heard.contains("serves nothing else"), "{heard}");
    assert_eq!(world.store.disk().requests.len(), 0);

    world.works().await;
    assert_eq!(world.store.disk().requests.len(), 1);
    let heard = world
        .says("alice", &format!("put stage NEW_KEY --box {id}"))
        .await;
    assert!(heard.contains(&format!("drop box {id} is in R-")), "{heard}");
    let request = world.store.disk().requests.into_keys().next().unwrap();
    world.says("alice", &format!("cancel {request}")).await;
    let heard = world
        .says("alice", &format!("put stage NEW_KEY --box {id}"))
        .await;
    assert!(heard.contains(&format!("drop box {id} is closed")), "{heard}");
    assert_eq!(world.store.disk().requests.len(), 1);
}

#[tokio::test]
async fn a_box_that_nobody_fills_or_whose_plan_nobody_wants_does_not_stay() {
    let world = World::new(1);
    let (drop_box, proof) = invited(&world).await;
    world.clock.set(at(3600));
    world.works().await;
    let expired = world.store.disk().boxes[&drop_box.id].clone();
    assert_eq!(expired.state, State::Expired { at: at(3600) });
    assert_eq!(expired.private, None);
    let content = filling(&drop_box, 1, VALUE);
    let came = world
        .bot
        .door()
        .fill(&drop_box.path, &proof, content, &by())
        .await
        .unwrap();
    assert!(matches!(came, Filled::Gone(_)));
    world.clock.set(at(3600 + 30 * 24 * 3600));
    world.works().await;
    assert!(world.store.disk().boxes.is_empty(), "and is forgotten in the end");
}
