//! The plan of a deploy that moves a branch.

use countersign_core::command::{Ask, Outcome};
use countersign_core::plan::{Detail, Draft, Effect};
use countersign_core::refusal::Refusal;
use countersign_core::text::{count, span};
use countersign_core::time::{Timestamp, between};
use countersign_github::{Ci, CompareStatus, Revision, Sha};
use futures_util::future::try_join;

use super::pinned::{Pinned, facts};
use super::present::{Present, summary};
use super::ship::PUSH;
use crate::app::{App, Apps};
use crate::change::Change;
use crate::trouble::Fault;
use crate::words::{self, checks, failed_checks};

/// What is wanted of a branch.
pub(super) struct Wish {
    /// Where it is.
    pub(super) from: Sha,
    /// Where it is to be.
    pub(super) sha: Sha,
    pub(super) wait_ci: bool,
    pub(super) reason: Option<String>,
}

/// Plans it, unless it cannot be.
pub(super) async fn plan(apps: &Apps, app: &App, ask: &Ask<'_>, wish: Wish) -> Result<Outcome, Refusal> {
    let seen = look(apps, app, &wish).await?;
    forward(app, &wish, seen.moves.0, seen.moves.1)?;
    let effect = verdict(app, &wish, &seen.ci, ask.now, &|command| ask.type_(command))?;
    Ok(Outcome::Plan(Box::new(draft(app, wish, &seen, effect)?)))
}

/// What a plan is made of.
struct Seen {
    present: Present,
    /// What the change is seen from: the commit that is live. After a deploy that failed the branch is ahead of it,
    /// and what lies between goes live too.
    base: Sha,
    change: Change,
    /// How the commit lies to the branch, and how many commits the branch has that it lacks.
    moves: (CompareStatus, u64),
    ci: Ci,
}

async fn look(apps: &Apps, app: &App, wish: &Wish) -> Result<Seen, Fault> {
    let ci = async { Ok::<_, Fault>(apps.github.ci(&app.repository, &wish.sha).await?) };
    let (present, ci) = try_join(Present::of(apps, app), ci).await?;
    let base = present.live().unwrap_or_else(|| wish.from.clone());
    let change = Change::between(apps, app, &base, &wish.sha).await?;
    let moves = if base == wish.from {
        (change.comparison.status, change.comparison.behind_by)
    } else {
        let (from, to) = (
            Revision::from(wish.from.clone()),
            Revision::from(wish.sha.clone()),
        );
        let moves = apps.github.compare(&app.repository, &from, &to).await?;
        (moves.status, moves.behind_by)
    };
    Ok(Seen {
        present,
        base,
        change,
        moves,
        ci,
    })
}

/// Only forward: a branch never loses a commit.
fn forward(app: &App, wish: &Wish, status: CompareStatus, lost: u64) -> Result<(), Refusal> {
    let (branch, sha) = (&app.branch, wish.sha.short());
    match status {
        CompareStatus::Ahead | CompareStatus::Identical => Ok(()),
        CompareStatus::Behind => Err(Refusal::new(format!(
            "{branch} is at {} already, which is later than {sha}, and a deploy never goes back",
            wish.from.short()
        ))
        .hint(format!("To go back: !rollback {}.", app.target))),
        CompareStatus::Diverged => {
            let source = app.source_branch();
            let commits = count(usize::try_from(lost).unwrap_or(usize::MAX), "commit");
            Err(Refusal::new(format!(
                "{branch} has {commits} that {sha} lacks, and I never force a branch"
            ))
            .hint(format!(
                "Merge {branch} into {source}, then !deploy {}.",
                app.target
            )))
        }
    }
}

/// What CI means for the plan: green is a change; red or none needs more eyes; running must be waited for.
fn verdict(
    app: &App,
    wish: &Wish,
    ci: &Ci,
    now: Timestamp,
    typed: &dyn Fn(&str) -> String,
) -> Result<Effect, Refusal> {
    let (target, sha) = (&app.target, wish.sha.short());
    match ci {
        Ci::Green { .. } => Ok(Effect::Change),
        Ci::Running { .. } | Ci::None if wish.wait_ci => Ok(Effect::Change),
        Ci::Running { done, total, since } => {
            let so_far = since.map(|since| format!(", {} so far", span(between(since, now))));
            let words = format!(
                "CI on {sha} is still running ({}{})",
                checks(*done, *total),
                so_far.unwrap_or_default()
            );
            let wait = typed(&format!("deploy {target} --wait-ci"));
            Err(Refusal::new(words).hint(format!("Type {wait} to start when it is green.")))
        }
        Ci::Red { failed } if wish.wait_ci => {
            let words = format!(
                "CI on {sha} is red ({}), and there is nothing to wait for",
                failed_checks(failed)
            );
            let without = typed(&format!("deploy {target}"));
            Err(Refusal::new(words).hint(format!(
                "Run the failed checks again, or type {without} to ask for it as it is."
            )))
        }
        Ci::Red { .. } | Ci::None => Ok(Effect::Destructive),
    }
}

fn draft(app: &App, wish: Wish, seen: &Seen, effect: Effect) -> Result<Draft, Refusal> {
    let wait_ci = wish.wait_ci && !matches!(seen.ci, Ci::Green { .. });
    let ci = if wait_ci {
        "when CI is green"
    } else {
        words::ci(&seen.ci)
    };
    let (change, present) = (&seen.change, &seen.present);
    let details = details(app, &wish, seen);
    let Wish {
        from, sha, reason, ..
    } = wish;
    let summary = summary(app, Some(change), Some(&seen.base), &sha, ci);
    let fingerprint = facts(
        &from,
        present.release.as_ref(),
        Some(&seen.ci).filter(|_| !wait_ci),
    );
    let pinned = Pinned {
        app: app.heroku.clone(),
        repository: app.repository.clone(),
        branch: app.branch.clone(),
        from: Some(from),
        sha,
        subject: change.subject().to_owned(),
        size: Some(change.size_and_migrations()),
        compare: Some(change.link.clone()),
        wait_ci,
        after_build: present.builds.first().map(|build| build.id.clone()),
    };
    Ok(Draft {
        command: None,
        action: PUSH.to_owned(),
        effect,
        target: Some(app.target.clone()),
        resource: Some(present.resource.clone()),
        also: Vec::new(),
        summary,
        details,
        parameters: pinned.parameters()?,
        fingerprint,
        reason,
    })
}

/// What people read before they sign.
fn details(app: &App, wish: &Wish, seen: &Seen) -> Vec<Detail> {
    let ci = match &seen.ci {
        Ci::Green { .. } => None,
        Ci::Red { failed } => Some(format!("red: {}", failed_checks(failed))),
        Ci::None => Some("none: no check looks at this commit".to_owned()),
        Ci::Running { done, total, .. } => Some(format!("running: {}", checks(*done, *total))),
    };
    let now = (seen.base != wish.from).then(|| {
        format!(
            "{} is at {} already, but {} runs {}",
            app.branch,
            wish.from.short(),
            app.target,
            seen.base.short()
        )
    });
    let then = (!app.auto_deploy).then(|| {
        format!(
            "automatic deploys of {} are off: somebody has to press Deploy Branch at {}",
            app.target,
            app.dashboard("deploy/github")
        )
    });
    let groups = [("CI", ci), ("now", now), ("then", then)];
    let detail = |(label, line): (&str, Option<String>)| {
        Some(Detail {
            label: label.to_owned(),
            lines: vec![line?],
        })
    };
    groups
        .into_iter()
        .filter_map(detail)
        .chain(seen.change.details())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::prod;
    use crate::words::tests::sha;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn wish(wait_ci: bool) -> Wish {
        Wish {
            from: sha('3'),
            sha: sha('8'),
            wait_ci,
            reason: None,
        }
    }

    fn said(ci: &Ci, wait_ci: bool) -> Result<Effect, String> {
        let typed = |command: &str| format!("!{command}");
        verdict(&prod(), &wish(wait_ci), ci, NOW, &typed).map_err(|refusal| refusal.sentence())
    }

    #[test]
    fn trap_23_red_and_none_are_not_green_and_running_is_not_none() {
        let red = Ci::Red {
            failed: vec!["python".to_owned()],
        };
        let running = Ci::Running {
            done: 3,
            total: 5,
            since: Some(NOW),
        };
        assert_eq!(said(&Ci::Green { total: 5 }, false), Ok(Effect::Change));
        assert_eq!(said(&red, false), Ok(Effect::Destructive));
        assert_eq!(said(&Ci::None, false), Ok(Effect::Destructive));
        assert_eq!(
            said(&running, false).unwrap_err(),
            "CI on 8888888 is still running (3 of 5 checks done, 0 s so far). Type !deploy prod --wait-ci to start \
             when it is green."
        );
        assert_eq!(said(&running, true), Ok(Effect::Change));
        assert_eq!(said(&Ci::None, true), Ok(Effect::Change));
        assert!(said(&red, true).unwrap_err().contains("nothing to wait for"));
    }

    #[test]
    fn trap_22_a_branch_only_goes_forward() {
        let said =
            |status, lost| forward(&prod(), &wish(false), status, lost).map_err(|refusal| refusal.sentence());
        assert_eq!(said(CompareStatus::Ahead, 0), Ok(()));
        assert_eq!(
            said(CompareStatus::Behind, 2).unwrap_err(),
            "production is at 3333333 already, which is later than 8888888, and a deploy never goes back. To go back: \
             !rollback prod."
        );
        assert_eq!(
            said(CompareStatus::Diverged, 2).unwrap_err(),
            "production has 2 commits that 8888888 lacks, and I never force a branch. Merge production into master, \
             then !deploy prod."
        );
    }
}
