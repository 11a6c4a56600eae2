//! Times: hours by the clock on the wall, in winter and in summer.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use countersign_core::policy::Times;
use countersign_core::time::Timestamp;
use proptest::prelude::*;

fn times(text: &str) -> Times {
    text.parse().unwrap()
}

fn is_in(text: &str, at: &str) -> bool {
    times(text).include(at.parse::<Timestamp>().unwrap())
}

#[test]
fn hours_begin_and_end_by_the_local_clock() {
    let office = "Mon-Fri 09:00-17:00 Europe/Berlin";
    // Berlin is one hour ahead of UTC in winter and two in summer.
    for (at, expected) in [
        ("2026-01-13T07:59:59Z", false),
        ("2026-01-13T08:00:00Z", true),
        ("2026-01-13T15:59:59Z", true),
        ("2026-01-13T16:00:00Z", false),
        ("2026-07-14T06:59:59Z", false),
        ("2026-07-14T07:00:00Z", true),
        ("2026-07-14T15:00:00Z", false),
        ("2026-07-18T10:00:00Z", false),
    ] {
        assert_eq!(is_in(office, at), expected, "{at}");
    }
}

#[test]
fn a_night_belongs_to_the_day_it_begins_on() {
    let night = "Sat 22:00-02:00 Europe/Berlin";
    for (at, expected) in [
        ("2026-01-17T20:59:59Z", false),
        ("2026-01-17T21:00:00Z", true),
        ("2026-01-18T00:59:59Z", true),
        ("2026-01-18T01:00:00Z", false),
        ("2026-01-16T23:30:00Z", false),
        ("2026-01-18T22:00:00Z", false),
    ] {
        assert_eq!(is_in(night, at), expected, "{at}");
    }
}

#[test]
fn the_hour_that_comes_twice_is_in_twice_and_the_one_that_never_comes_is_not_missed() {
    let hour = "Sun 02:00-03:00 Europe/Berlin";
    // 25 October 2026: 02:30 comes at 00:30 and again at 01:30 UTC.
    assert!(is_in(hour, "2026-10-25T00:30:00Z"));
    assert!(is_in(hour, "2026-10-25T01:30:00Z"));
    assert!(!is_in(hour, "2026-10-25T02:00:00Z"));
    // 29 March 2026: 02:00 to 03:00 does not come.
    assert!(!is_in(hour, "2026-03-29T00:59:59Z"));
    assert!(!is_in(hour, "2026-03-29T01:00:00Z"));
}

#[test]
fn a_text_says_itself_back() {
    for text in [
        "Mon-Fri 09:00-17:00 Europe/Berlin",
        "Mon-Sun 00:00-24:00 UTC",
        "Mon,Wed,Fri-Sat 08:30-12:00; Sun 22:00-06:00 America/New_York",
    ] {
        assert_eq!(times(text).to_string(), text);
    }
    assert_eq!(
        times(
            " fri-mon 9:00-17:00  europe/berlin "
                .replace("9:00-", "09:00-")
                .as_str()
        )
        .to_string(),
        "Mon,Fri-Sun 09:00-17:00 Europe/Berlin"
    );
}

#[test]
fn an_error_says_what_is_wrong_and_shows_a_right_one() {
    let errors = [
        "",
        "Mon-Fri 09:00-17:00",
        "Mon-Fri 09:00-17:00 Mars/Olympus",
        "Moon 09:00-17:00 UTC",
        "Mon 9-17 UTC",
        "Mon 09:00-24:01 UTC",
        "Mon 09:00-09:00 UTC",
        "Mon 09:00 17:00 UTC",
        "09:00-17:00 UTC",
        "Mon 09:00-10:00; UTC",
    ]
    .map(|text| text.parse::<Times>().unwrap_err().to_string());
    for error in &errors {
        assert!(error.contains("Europe/Berlin"), "{error}");
    }
    let without_example = errors.map(|error| error.split("; times look").next().unwrap().to_owned());
    insta::assert_snapshot!(without_example.join("\n"), @r#"
    "" is not a time
    "Mon-Fri 09:00-17:00" does not end with a time zone
    there is no time zone "Mars/Olympus"
    "Moon" is not a day of the week (Mon … Sun)
    "9" is not a time of day
    "24:01" is not a time of day
    "09:00-09:00" is no time at all (a whole day is 00:00-24:00)
    "Mon 09:00 17:00" is not days and hours
    "09:00-17:00" is not days and hours
    "" is not days and hours
    "#);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        if let Ok(times) = text.parse::<Times>() {
            prop_assert_eq!(times.to_string().parse::<Times>().unwrap(), times);
        }
    }

    #[test]
    fn every_time_of_a_week_is_in_the_hours_or_in_their_complement(
        from in 0_u16..1_440, length in 1_u16..1_440, day in 0_usize..7, at in 0_i64..7 * 1_440,
    ) {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let to = (from + length) % 1_440;
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let text = format!("{} {}-{} UTC", days[day], clock(from), clock(to));
        prop_assume!(from != to);
        // 5 January 1970 was a Monday. An oracle that counts minutes of the week.
        let monday = 4 * 1_440;
        let begins = i64::try_from(day).unwrap() * 1_440 + i64::from(from);
        let since = (at - begins).rem_euclid(7 * 1_440);
        let now = Timestamp::from_second((monday + at) * 60).unwrap();
        prop_assert_eq!(times(&text).include(now), since < i64::from(length));
    }
}
