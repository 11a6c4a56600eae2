//! What a rotation does at the app.

use countersign_core::audit::{Entry, Event};
use countersign_core::message::Place;
use countersign_core::operation::{Progress, Trouble};
use countersign_core::reply::{Post, Reply, plain_line};
use countersign_core::secret::Secret;
use countersign_core::store::Write;
use countersign_core::time::Duration;
use serde_json::json;

use super::apps::Wanted as Var;
use super::kept::SKIPS;
use super::plan_app::has;
use super::rotate::{BACK, BESIDE, CHANGE, SET, SKIP, Turn, Which};
use super::rotated::Came;
use crate::trouble::unstored;

/// The release of a change is listed after this long, or there is none.
const LISTED_WITHIN: Duration = Duration::from_mins(1);
/// Between two looks for it.
const SOON: Duration = Duration::from_secs(5);

impl Turn<'_> {
    /// Puts the new password into the app's URL; where the server knows only one, without a release phase.
    pub(super) async fn change(&self) -> Result<Progress, Trouble> {
        let Self {
            urls, wanted, two, ..
        } = self;
        if self.came(BESIDE).failed.is_some() {
            return Ok(Came::default().done());
        }
        let (kept, url) = (self.kept().await?, self.url().await?);
        if has(&url, &kept.password) {
            return Ok(Came::default().done());
        }
        let mut set: Vec<Var> = vec![(wanted.var.clone(), Some(self.with(&url, &kept.password)))];
        if !two {
            set.push((SKIP.to_owned(), Some(Secret::from(SKIPS))));
        }
        urls.change(&wanted.app, &set, wanted.newest).await?;
        Ok(Came::changed().done())
    }

    /// The app gets back what it had: the release phase, and the old password too if the server has refused the new one.
    pub(super) async fn back(&self) -> Result<Progress, Trouble> {
        let Self { urls, wanted, .. } = self;
        if self.came(CHANGE).failed.is_some() {
            return Ok(Came::default().done());
        }
        let kept = self.kept().await?;
        let mut set: Vec<Var> = vec![(SKIP.to_owned(), kept.skip.clone())];
        if let (true, Some(old)) = (self.came(SET).put_back, &kept.old) {
            let url = self.url().await?;
            set.push((wanted.var.clone(), Some(self.with(&url, old))));
        }
        if urls.holds(&wanted.app, &set).await? {
            return Ok(Came::default().done());
        }
        // Whatever was released meanwhile: it was released with what is put back here.
        urls.change(&wanted.app, &set, u64::MAX).await?;
        Ok(Came::changed().done())
    }

    /// The release that came of the change; it is announced as soon as it is known, before a watcher wonders whose it is.
    pub(super) async fn find(&self, which: Which) -> Result<Progress, Trouble> {
        let Self { urls, wanted, .. } = self;
        let (step, newest) = match which {
            Which::New => (CHANGE, wanted.newest),
            Which::Back => (
                BACK,
                self.came(Which::New.find()).release.unwrap_or(wanted.newest),
            ),
        };
        let came = self.came(step);
        if came.failed.is_some() || (which == Which::New && self.came(SET).put_back) {
            return Ok(Came::default().done());
        }
        let release = urls.made(&wanted.app, newest, &[&wanted.var, SKIP]).await?;
        match (release, came.changed) {
            (Some(release), _) => self.announced(which, release).await,
            (None, true) if self.run.in_step() < LISTED_WITHIN => Ok(Progress::Wait {
                pause: SOON,
                phase: format!("waiting for the release of {}", wanted.app),
                detail: None,
                usually: None,
            }),
            (None, true) => Ok(Came::failed(format!(
                "no release of {} after v{newest} names {}, so I can't follow it; look at !releases {}",
                wanted.app, wanted.var, wanted.app
            ))
            .done()),
            // An earlier change of the config is followed to its end.
            (None, false) if which == Which::New => {
                let newest = urls.now(&wanted.app).await?.newest;
                Ok(Came {
                    release: Some(newest),
                    ..Came::default()
                }
                .done())
            }
            (None, false) => Ok(Came::default().done()),
        }
    }

    async fn announced(&self, which: Which, release: u64) -> Result<Progress, Trouble> {
        let Self { urls, wanted, .. } = self;
        let what = match which {
            Which::New => format!("a new password of {} in {}", wanted.account, wanted.var),
            Which::Back if self.came(SET).put_back => {
                format!("the old password of {} is back in {}", wanted.account, wanted.var)
            }
            Which::Back => format!("{SKIP} is back as it was"),
        };
        let news = urls.news(&wanted.app, release, &what, self.run)?;
        let (mut writes, mut audit) = (Vec::new(), Vec::new());
        let told = self
            .databases
            .store
            .announced(&news.key)
            .await
            .map_err(unstored)?;
        if !told {
            let now = self.run.now;
            audit.push(Entry {
                target: Some(wanted.app.clone()),
                operation: Some(self.run.operation.id.clone()),
                ..Entry::new(now, Event::Announced, plain_line(&news.line))
            });
            writes.push(Write::Announce {
                key: news.key,
                at: now,
            });
            let post = |room| Write::Enqueue(Post::to(Place::Room(room), Reply::line(news.line.clone())));
            writes.extend(news.rooms.into_iter().map(post));
        }
        let came = Came {
            release: Some(release),
            ..Came::default()
        };
        Ok(Progress::Record {
            value: json!(came),
            writes,
            audit,
        })
    }

    /// Follows the release phase of what was found.
    pub(super) async fn phase(&self, which: Which) -> Result<Progress, Trouble> {
        let Self { urls, wanted, .. } = self;
        let Some(release) = self.came(which.find()).release else {
            return Ok(Came::default().done());
        };
        let after = format!(
            "; {} keeps what was changed, and gets it live with the next release that works.",
            wanted.app
        );
        let followed = urls.released(&wanted.app, release, &after).await?;
        Ok(match followed {
            Progress::Done(_) => Came {
                release: Some(release),
                ..Came::default()
            }
            .done(),
            other => other,
        })
    }

    /// Waits until its dynos are up.
    pub(super) async fn dynos(&self, which: Which) -> Result<Progress, Trouble> {
        let Some(release) = self.came(which.phase()).release else {
            return Ok(Came::default().done());
        };
        let followed = self.urls.live(&self.wanted.app, release, self.run).await?;
        Ok(match followed {
            Progress::Done(live) => {
                let words = live["words"].as_str().unwrap_or("live").to_owned();
                Came {
                    words: Some(words),
                    ..Came::default()
                }
                .done()
            }
            other => other,
        })
    }
}
