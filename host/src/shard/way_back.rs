//! The way back from a release to the releases before it, while probations run.

use std::sync::Arc;
use std::time::Instant;

use super::probation::Probation;
use crate::app::Saved;

/// The most steps back. A server can go back over two releases; a swap that may still be refused is one more.
const MAX_STEPS: usize = 3;

/// The releases before the running one. A refused swap and a failed probation take one step back, and what was before that swap is
/// in force again: the way back from the earlier swap, too.
#[derive(Clone)]
pub(super) struct WayBack<L> {
    /// The last one leads to the release before the running one.
    steps: Vec<Step<L>>,
}

/// The way back over one swap.
#[derive(Clone)]
struct Step<L> {
    launch: L,
    saved: Option<Saved>,
    /// The probation that began with the swap.
    probation: Arc<Probation>,
}

impl<L> Default for WayBack<L> {
    fn default() -> Self {
        Self { steps: Vec::new() }
    }
}

impl<L> WayBack<L> {
    /// A swap has replaced this release, with this state, and began this probation.
    pub(super) fn add(&mut self, launch: L, saved: Option<Saved>, probation: Arc<Probation>) {
        if self.steps.len() == MAX_STEPS {
            self.steps.remove(0);
        }
        self.steps.push(Step { launch, saved, probation });
    }

    /// Goes back over the swap that began this probation: returns the release before it, with its state. Returns `None` if the last
    /// swap was another one.
    pub(super) fn take(&mut self, probation: &Arc<Probation>) -> Option<(L, Option<Saved>)> {
        let step = self.steps.pop_if(|step| Arc::ptr_eq(&step.probation, probation))?;
        Some((step.launch, step.saved))
    }

    /// The states that the releases before have handed on, the last one first, with the release of each.
    pub(super) fn states(&self) -> impl Iterator<Item = (&L, &Saved)> {
        self.steps.iter().rev().filter_map(|step| Some((&step.launch, step.saved.as_ref()?)))
    }

    /// Whether nothing leads back.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Counts a trap against the probation of the running release.
    pub(super) fn count_trap(&self, now: Instant) {
        if let Some(step) = self.steps.last() {
            step.probation.count_trap(now);
        }
    }

    /// The probation of the running release has passed: nothing leads back any more.
    pub(super) fn clear(&mut self) {
        self.steps = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probation() -> Arc<Probation> {
        Probation::new(Instant::now(), 1)
    }

    #[test]
    fn a_step_back_leaves_the_way_back_from_the_swap_before() {
        let (first, refused) = (probation(), probation());
        let mut way_back = WayBack::default();
        let saved = Saved { version: "1".into(), data: "a".into() };
        way_back.add("a", Some(saved.clone()), Arc::clone(&first));
        way_back.add("b", None, Arc::clone(&refused));
        assert_eq!(way_back.take(&first), None, "one after the other");
        assert_eq!(way_back.take(&refused), Some(("b", None)));
        assert_eq!(way_back.take(&refused), None, "once");
        assert_eq!(way_back.take(&first), Some(("a", Some(saved))));
    }

    #[test]
    fn it_leads_back_over_three_swaps() {
        let swaps = [probation(), probation(), probation(), probation()];
        let mut way_back = WayBack::default();
        for (release, swap) in swaps.iter().enumerate() {
            way_back.add(release, None, Arc::clone(swap));
        }
        let releases: Vec<_> = swaps.iter().rev().map_while(|swap| way_back.take(swap)).map(|(release, _)| release).collect();
        assert_eq!(releases, [3, 2, 1]);
    }
}
