//! Plans: one encoding, one digest, and cards that say what the plan is (invariants A3 and A12).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;

use countersign_core::digest::{Digest, canonical};
use countersign_core::message::{Place, Room};
use countersign_core::plan::{Detail, Effect, Facts, Plan, SealedPlan, Whole, card, whole};
use countersign_core::reply::{Block, Post, Reply, plain};
use countersign_core::text::visible;
use countersign_core::time::from_millis;
use proptest::prelude::*;
use proptest::string::string_regex;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct PlanVector {
    name: String,
    plan: Plan,
    canonical: String,
    digest: Digest,
}

#[derive(Deserialize)]
struct EncodingVector {
    name: String,
    json: String,
    canonical: String,
}

fn plan_vectors() -> Vec<PlanVector> {
    serde_json::from_str(include_str!("vectors/plans.json")).unwrap()
}

#[test]
fn plans_are_encoded_as_the_vectors_say() {
    for vector in plan_vectors() {
        let sealed = SealedPlan::seal(&vector.plan).unwrap();
        assert_eq!(sealed.bytes(), vector.canonical, "{}", vector.name);
        assert_eq!(sealed.digest(), vector.digest, "{}", vector.name);
        assert_eq!(*sealed, vector.plan, "{}", vector.name);
    }
}

#[test]
fn the_encoding_is_that_of_rfc_8785() {
    let vectors: Vec<EncodingVector> = serde_json::from_str(include_str!("vectors/encoding.json")).unwrap();
    for vector in vectors {
        let value: Value = serde_json::from_str(&vector.json).unwrap();
        assert_eq!(canonical(&value).unwrap(), vector.canonical, "{}", vector.name);
    }
}

#[test]
fn numbers_that_json_cannot_keep_are_refused() {
    let mut plan = plan_vectors().remove(0).plan;
    for kept in [9_007_199_254_740_992_i64, -9_007_199_254_740_992] {
        plan.parameters.insert("n".into(), kept.into());
        assert!(SealedPlan::seal(&plan).is_ok(), "{kept}");
    }
    for (lost, shown) in [
        (Value::from(9_007_199_254_740_993_i64), "9007199254740993"),
        (Value::from(u64::MAX), "18446744073709551615"),
        (Value::from(0.5), "0.5"),
    ] {
        plan.parameters
            .insert("n".into(), serde_json::json!([{ "deep": lost }]));
        assert_eq!(
            SealedPlan::seal(&plan).unwrap_err().to_string(),
            format!("the number {shown} in the plan cannot be kept exactly; write it as text")
        );
    }
}

#[test]
fn bytes_with_something_added_are_no_plan() {
    let bytes = plan_vectors().remove(0).canonical;
    let smuggled = bytes.replacen('{', "{\"also\":\"drop the database\",", 1);
    assert!(SealedPlan::from_bytes(smuggled).is_err());
}

#[test]
fn a_card_reads_like_this() {
    let plan = SealedPlan::seal(&plan_vectors().remove(0).plan).unwrap();
    let (blocks, said) = card(&plan);
    assert_eq!(said, Whole::Yes);
    insta::assert_snapshot!(lines(blocks).join("\n"), @r#"
    code  8d07be4 → 3f2a91c (12 commits go back), slug re-used, release phase runs again
    then  prod is held: the next push to production would bring v813's code back
    why   500s on /api/push
    "#);
}

#[test]
fn the_whole_plan_reads_like_this() {
    let plan = SealedPlan::seal(&plan_vectors().remove(0).plan).unwrap();
    insta::assert_snapshot!(lines(whole(&plan)).join("\n"), @r#"
    code      8d07be4 → 3f2a91c (12 commits go back), slug re-used, release phase runs again
    then      prod is held: the next push to production would bring v813's code back
    why       500s on /api/push
    exactly   dynos = {"web":2,"worker":3}
              names = ["NEW_RELIC_LABEL"]
              release = v811
              version = 811
    if still  release = v813
              slug = 8d07be4
    on        prod (01234567-89ab-cdef-0123-456789abcdef)
    plan      effect destructive, action rollback, digest 614abf988cf4552b1a4601f4be60d0981dff9abf0e3d902fafd51706a4c5417d
              asked by alice as rollback at 2026-03-10T11:00:00Z, never begins at or after 2026-03-10T12:00:00Z
    "#);
}

#[test]
fn a_group_that_is_too_long_says_how_much_more_there_is() {
    let mut plan = plan_vectors().remove(0).plan;
    plan.details[0].lines = (1..=7).map(|n| format!("commit {n}")).collect();
    plan.details[1].lines.clear();
    let (blocks, said) = card(&SealedPlan::seal(&plan).unwrap());
    assert_eq!(said, Whole::No);
    insta::assert_snapshot!(lines(blocks).join("\n"), @r#"
    code  commit 1
          commit 2
          commit 3
          commit 4
          commit 5
          and 2 more
    then  nothing
    why   500s on /api/push
    "#);
}

/// What a terminal or IRC shows.
fn lines(blocks: Vec<Block>) -> Vec<String> {
    let room = Room {
        network: "irc".into(),
        name: "#ops".into(),
    };
    let reply = Reply {
        blocks,
        ..Reply::default()
    };
    plain(&Post::to(Place::Room(room), reply))
}

/// Characters that make a line read as something else than it is; listed here by hand, apart from the code's list.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' | '\u{3164}' | '\u{2800}')
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => string_regex("[ -~]{0,12}").unwrap(),
        1 => proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        1 => string_regex("[a\u{202a}-\u{202e}\u{200b}-\u{200f}\u{2066}-\u{2069}\r\n\t\u{0}\u{7f}\u{feff}\u{ad}\u{e0041}]{0,6}").unwrap(),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            proptest::collection::btree_map(texts(), inner, 0..3)
                .prop_map(|items| Value::Object(items.into_iter().collect())),
        ]
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    proptest::collection::btree_map(texts(), values(), 0..4)
}

prop_compose! {
    fn details()(label in string_regex("[a-z]{1,6}").unwrap(), lines in proptest::collection::vec(texts(), 0..9)) -> Detail {
        Detail { label, lines }
    }
}

fn effects() -> impl Strategy<Value = Effect> {
    prop_oneof![
        Just(Effect::Read),
        Just(Effect::Change),
        Just(Effect::Destructive)
    ]
}

prop_compose! {
    fn plans()(
        what in (any::<u32>(), texts(), texts(), effects(), proptest::option::of(texts()), proptest::option::of(texts())),
        shown in (texts(), proptest::collection::vec(details(), 0..4), proptest::option::of(texts())),
        also in proptest::collection::vec(texts(), 0..3),
        parameters in facts(),
        fingerprint in facts(),
        who in (texts(), any::<[u8; 2]>(), texts()),
        times in (0_i64..4_000_000_000_000, 0_i64..4_000_000_000_000),
    ) -> Plan {
        let (schema, command, action, effect, target, resource) = what;
        let (summary, details, reason) = shown;
        let (requester, policy, nonce) = who;
        Plan {
            schema, command: command.into(), action, effect, target: target.map(Into::into), resource,
            also: also.into_iter().map(Into::into).collect(), summary, details, parameters,
            fingerprint, requester: requester.into(), reason, policy: Digest::of(&policy),
            created: from_millis(times.0), not_after: from_millis(times.1), nonce,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a3_sealing_twice_gives_the_same_bytes_and_reading_them_gives_the_plan(plan in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        prop_assert_eq!(&SealedPlan::seal(&plan).unwrap(), &sealed);
        prop_assert_eq!(&*sealed, &plan);
        prop_assert_eq!(sealed.digest(), Digest::of(sealed.bytes().as_bytes()));
        let stored = serde_json::to_string(&sealed).unwrap();
        let loaded: SealedPlan = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(loaded.bytes(), sealed.bytes());
        prop_assert_eq!(loaded.digest(), sealed.digest());
        prop_assert_eq!(SealedPlan::seal(&loaded).unwrap().digest(), sealed.digest());
    }

    #[test]
    fn a3_any_change_of_any_field_changes_the_digest(plan in plans(), other in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        let Value::Object(fields) = serde_json::to_value(&plan).unwrap() else { unreachable!() };
        let other = serde_json::to_value(&other).unwrap();
        for (name, value) in &fields {
            let mut changed = fields.clone();
            // What is empty may be left out.
            match other.get(name) {
                Some(value) => changed.insert(name.clone(), value.clone()),
                None => changed.remove(name),
            };
            let changed: Plan = serde_json::from_value(Value::Object(changed)).unwrap();
            let same = other.get(name) == Some(value);
            prop_assert_eq!(SealedPlan::seal(&changed).unwrap().digest() == sealed.digest(), same, "{}", name);
        }
    }

    #[test]
    fn a12_a_card_is_a_function_of_the_signed_bytes(plan in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        let reloaded = SealedPlan::from_bytes(sealed.bytes().to_owned()).unwrap();
        prop_assert_eq!(card(&sealed), card(&reloaded));
        prop_assert_eq!(whole(&sealed), whole(&reloaded));
    }

    #[test]
    fn a12_nothing_that_is_shown_deceives(plan in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        for line in lines(card(&sealed).0).into_iter().chain(lines(whole(&sealed))) {
            prop_assert!(!line.chars().any(deceives), "{:?}", line);
        }
    }

    #[test]
    fn a12_a_card_leaves_nothing_out_without_saying_so(plan in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        let (blocks, said) = card(&sealed);
        let cut: usize = plan.details.iter().map(|detail| detail.lines.len().saturating_sub(5)).sum();
        prop_assert_eq!(said == Whole::No, cut > 0);
        for (detail, block) in plan.details.iter().zip(&blocks) {
            let said = lines(vec![block.clone()]);
            let (kept, rest) = detail.lines.split_at(detail.lines.len().min(5));
            for (line, said) in kept.iter().zip(&said) {
                prop_assert!(said.ends_with(&*visible(line)), "{:?} is not {:?}", said, line);
            }
            prop_assert!(said[0].trim_start().starts_with(&detail.label));
            let count = format!("and {} more", rest.len());
            prop_assert_eq!(said.last().unwrap().contains(&count), !rest.is_empty());
        }
        prop_assert_eq!(blocks.len(), plan.details.len() + usize::from(plan.reason.is_some()));
    }

    #[test]
    fn a12_the_whole_plan_has_every_line_parameter_and_fact(plan in plans()) {
        let sealed = SealedPlan::seal(&plan).unwrap();
        let all = lines(whole(&sealed)).join("\n");
        let has = |text: &str| all.contains(&*visible(text));
        for line in plan.details.iter().flat_map(|detail| &detail.lines).chain(&plan.reason) {
            prop_assert!(has(line), "{:?} is not in {}", line, all);
        }
        let values: BTreeMap<_, _> = plan.parameters.iter().chain(&plan.fingerprint).collect();
        for (name, value) in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            prop_assert!(has(name) && has(&text), "{:?} = {:?} is not in {}", name, value, all);
        }
        for also in plan.also.iter().filter(|_| plan.target.is_some()) {
            prop_assert!(has(also.as_str()), "{:?} is not in {}", also, all);
        }
        for text in [plan.action.as_str(), plan.command.as_str(), plan.requester.as_str(), &sealed.digest().to_string()] {
            prop_assert!(has(text), "{:?} is not in {}", text, all);
        }
    }

    #[test]
    fn visible_text_has_nothing_hidden_in_it(text in any::<String>(), odd in texts()) {
        for text in [text, odd] {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(deceives), "{:?}", shown);
            prop_assert_eq!(visible(&shown), shown.clone());
        }
    }
}
