//! Did you mean: the names closest to what was typed.

use strsim::damerau_levenshtein;

/// At most so many suggestions.
const MOST: usize = 2;

/// The names closest to what was typed, the closest first. The caller passes only what this person may use here:
/// a suggestion must not tell anybody what there is.
pub fn closest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let typed = typed.to_lowercase();
    // One slip in a short word, two in a longer one, three at most.
    let allowed = (typed.chars().count().saturating_add(1) / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(&typed, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// How many slips apart; a name of which only the beginning was typed counts as one.
fn distance(typed: &str, name: &str) -> usize {
    let slips = damerau_levenshtein(typed, name);
    if typed.chars().count() >= 3 && name.starts_with(typed) {
        slips.min(1)
    } else {
        slips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["deploy", "deny", "help", "lock", "locks", "release-hold"];

    #[test]
    fn slips_of_the_finger_are_understood() {
        assert_eq!(closest("deplyo", NAMES), ["deploy"]);
        assert_eq!(closest("HLEP", NAMES), ["help"]);
        assert_eq!(closest("lokc", NAMES), ["lock"]);
        assert_eq!(closest("release", NAMES), ["release-hold"]);
        assert_eq!(closest("locs", NAMES), ["lock", "locks"]);
    }

    #[test]
    fn what_is_far_away_is_not_suggested() {
        assert_eq!(closest("restart", NAMES), [""; 0]);
        assert_eq!(closest("x", NAMES), [""; 0]);
        assert_eq!(closest("", NAMES), [""; 0]);
    }
}
