//! What the steps of a rotation leave in the journal, and what is said at its end. Pure. Nothing secret is in it.

use countersign_core::operation::{Ended, Progress, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plan_app::Wanted;
use super::rotate::SKIP;

/// What a step came to. A step that could not do its part says so here, and those after it bring what is left to an end:
/// so the last one always looks which password holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Came {
    /// Why it did not do its part, in words.
    pub(super) failed: Option<String>,
    /// Whether it changed something.
    pub(super) changed: bool,
    /// Whether the app's config must be put back to the old password.
    pub(super) put_back: bool,
    /// The release that it found.
    pub(super) release: Option<u64>,
    /// What it did, in words.
    pub(super) words: Option<String>,
    /// What is so at the end.
    pub(super) stand: Option<Stand>,
    /// Whether the app's release phase still does nothing at the end, because of us.
    pub(super) skips: bool,
}

impl Came {
    pub(super) fn failed(words: impl Into<String>) -> Self {
        Self {
            failed: Some(words.into()),
            ..Self::default()
        }
    }

    pub(super) fn changed() -> Self {
        Self {
            changed: true,
            ..Self::default()
        }
    }

    pub(super) fn done(self) -> Progress {
        Progress::Done(json!(self))
    }
}

/// Who has the new password, once nothing more is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stand {
    /// The server and the app; the old one is over.
    Agreed,
    /// Nobody: the old one holds.
    Unchanged,
    /// The server and the app; the old one is good as well.
    Both,
    /// The server has it beside the old one, the app has the old one.
    Beside,
    /// The server alone: the app does not log in.
    ServerAlone,
    /// The app alone: it does not log in.
    AppAlone,
    /// It can't be told what the app has, or neither password is known to be good.
    Unknown,
}

impl Stand {
    /// From where the new password is, if that can be told; and whether the old one may still be good beside it, or
    /// instead of it.
    pub(super) fn of(at_server: Option<bool>, in_app: Option<bool>, beside: bool, old_holds: bool) -> Self {
        match (at_server, in_app) {
            (Some(true), Some(true)) if beside => Self::Both,
            (Some(true), Some(true)) => Self::Agreed,
            (Some(true), Some(false)) if beside => Self::Beside,
            (Some(true), Some(false)) => Self::ServerAlone,
            (Some(false), Some(true)) => Self::AppAlone,
            (Some(false), Some(false)) if old_holds => Self::Unchanged,
            _ => Self::Unknown,
        }
    }

    /// Whether the new password must be kept, because not everybody has it who has to.
    pub(super) fn keeps(self) -> bool {
        !matches!(self, Self::Agreed | Self::Unchanged)
    }

    /// Whether the app can log in, as far as can be told.
    pub(super) fn works(self) -> bool {
        !matches!(self, Self::ServerAlone | Self::AppAlone | Self::Unknown)
    }

    /// `the new password is at the server and in prod's DATABASE_URL …`.
    pub(super) fn words(self, wanted: &Wanted) -> String {
        let Wanted {
            account, app, var, ..
        } = wanted;
        match self {
            Self::Agreed => format!(
                "{account} and {app}'s {var} have the new password; the old one does not log in any more"
            ),
            Self::Unchanged => format!("the old password of {account} holds, and {app} has it"),
            Self::Both => format!("{app}'s {var} has the new password, and the old one is still good"),
            Self::Beside => {
                format!("{app} still has the old password, which is good; the new one is good as well")
            }
            Self::ServerAlone => {
                format!("{app}'s {var} DOES NOT LOG IN: the server has the new password and {app} has not")
            }
            Self::AppAlone => {
                format!("{app}'s {var} DOES NOT LOG IN: it has the new password, and the server has not")
            }
            Self::Unknown => format!(
                "I DON'T KNOW whether {app} logs in: its {var} can't be read, or neither the old password of {account} nor \
                 the new one is seen to be good"
            ),
        }
    }
}

/// What is left to do, to be added to what is so.
pub(super) fn next(wanted: &Wanted, stand: Stand, skips: bool) -> String {
    let Wanted {
        database,
        account,
        app,
        ..
    } = wanted;
    let mut next = String::new();
    if skips {
        next = format!(
            ". {SKIP} is still set: {app}'s release phase does nothing. To put it back: !config unset {app} {SKIP}"
        );
    }
    if stand.keeps() {
        let go_on = format!(". The new password is kept, sealed. To go on: !db passwd {database} {account}");
        next.push_str(&go_on);
    }
    next
}

/// The end. `failed`: why steps did not do their part, in their order.
pub(super) fn ended(
    wanted: &Wanted,
    failed: &[String],
    stand: Stand,
    skips: bool,
    live: Option<&str>,
) -> Ended {
    let so = stand.words(wanted);
    let good = failed.is_empty() && stand == Stand::Agreed && !skips;
    let words = if good {
        let live = live.map(|live| format!(", {live}")).unwrap_or_default();
        format!("done{live} · {so}. Sessions of the old password that are open go on")
    } else {
        let why = if failed.is_empty() {
            String::new()
        } else {
            format!("{}. ", failed.join(". "))
        };
        format!("{why}What is so: {so}{}", next(wanted, stand, skips))
    };
    Ended {
        good,
        words,
        announcement: None,
    }
}

/// A step that must come to an end whatever happens: trouble that stays is written down, and the next step is on.
pub(super) fn settled(came: Result<Progress, Trouble>) -> Result<Progress, Trouble> {
    match came {
        Err(trouble) if trouble.kind == countersign_core::operation::TroubleKind::Never => {
            Ok(Came::failed(trouble.words).done())
        }
        Ok(Progress::End(ended)) if !ended.good => Ok(Came::failed(ended.words).done()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            database: "prod-db".into(),
            account: countersign_mysql::UserName::try_from("th_admin".to_owned()).unwrap(),
            app: "prod".into(),
            var: "DATABASE_URL".to_owned(),
            newest: 814,
        }
    }

    #[test]
    fn a_password_is_kept_until_all_who_need_it_have_it() {
        use Stand::{Agreed, AppAlone, Beside, Both, ServerAlone, Unchanged};
        for (at_server, in_app, beside, stand) in [
            (true, true, false, Agreed),
            (true, true, true, Both),
            (true, false, true, Beside),
            (true, false, false, ServerAlone),
            (false, true, false, AppAlone),
            (false, true, true, AppAlone),
            (false, false, false, Unchanged),
            (false, false, true, Unchanged),
        ] {
            let found = Stand::of(Some(at_server), Some(in_app), beside, true);
            assert_eq!(found, stand);
            // Who has it alone, or beside the old one, may be the only place where it is.
            assert_eq!(found.keeps(), at_server != in_app || found == Both);
            assert_eq!(found.works(), at_server == in_app || found == Beside);
        }
    }

    #[test]
    fn what_nobody_can_tell_is_no_good_end_and_the_password_is_kept() {
        for (at_server, in_app, old_holds) in [
            (Some(true), None, true),
            (Some(false), None, true),
            (None, Some(true), true),
            // The old password is only said to hold if it logs in.
            (Some(false), Some(false), false),
        ] {
            let stand = Stand::of(at_server, in_app, false, old_holds);
            assert_eq!(stand, Stand::Unknown);
            assert!(stand.keeps() && !stand.works());
        }
        let ended = ended(&wanted(), &[], Stand::Unknown, false, None);
        assert!(
            !ended.good && ended.words.contains("I DON'T KNOW"),
            "{}",
            ended.words
        );
        assert!(
            ended.words.ends_with("To go on: !db passwd prod-db th_admin"),
            "{}",
            ended.words
        );
    }

    #[test]
    fn a_release_phase_that_still_does_nothing_is_no_good_end() {
        let ended = ended(&wanted(), &[], Stand::Agreed, true, Some("v815 live on 14 dynos"));
        assert!(!ended.good);
        assert!(
            ended.words.ends_with(
                "SKIP_PREDEPLOY is still set: prod's release phase does nothing. To put it back: !config unset prod \
                 SKIP_PREDEPLOY"
            ),
            "{}",
            ended.words
        );
    }

    #[test]
    fn the_end_says_what_is_so_and_what_to_type() {
        let said = |failed: &[&str], stand, live| {
            let failed: Vec<String> = failed.iter().map(|why| (*why).to_owned()).collect();
            let ended = ended(&wanted(), &failed, stand, false, live);
            (ended.good, ended.words)
        };
        assert_eq!(
            said(&[], Stand::Agreed, Some("v815 live on 14 dynos")),
            (
                true,
                "done, v815 live on 14 dynos · th_admin and prod's DATABASE_URL have the new password; the old one does not \
                 log in any more. Sessions of the old password that are open go on"
                    .to_owned()
            )
        );
        assert_eq!(
            said(&["prod-db's primary did not do it"], Stand::AppAlone, None),
            (
                false,
                "prod-db's primary did not do it. What is so: prod's DATABASE_URL DOES NOT LOG IN: it has the new password, \
                 and the server has not. The new password is kept, sealed. To go on: !db passwd prod-db th_admin"
                    .to_owned()
            )
        );
        let (good, words) = said(&["v813 was made meanwhile"], Stand::Unchanged, None);
        assert!(
            !good && words.ends_with("the old password of th_admin holds, and prod has it"),
            "{words}"
        );
        // Whatever failed after it: the password did change, and that is said.
        let (good, words) = said(&["the release phase of v816 failed"], Stand::Agreed, None);
        assert!(!good && words.contains("have the new password"), "{words}");
    }

    #[test]
    fn what_stays_wrong_is_written_down_and_what_may_pass_is_not() {
        let never = settled(Err(Trouble::never("Heroku answered 403"))).unwrap();
        assert_eq!(never, Came::failed("Heroku answered 403").done());
        assert!(settled(Err(Trouble::again("Heroku answered 503"))).is_err());
        let bad = Ended {
            good: false,
            words: "the release phase of v815 failed".to_owned(),
            announcement: None,
        };
        let bad = settled(Ok(Progress::End(bad))).unwrap();
        assert_eq!(bad, Came::failed("the release phase of v815 failed").done());
    }
}
