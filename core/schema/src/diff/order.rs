//! The order of steps: each after those that it waits for.
//!
//! Steps of one unit, a table, go together if they can, because a database changes a table best at once. So the units
//! are sorted, by Kahn's algorithm. Where units wait for each other, only those of their steps go ahead that others
//! wait for: what remains is a smaller unit.

use std::collections::{BTreeMap, BTreeSet};

/// A step, and what it has to do with resources: objects of a database, and names.
#[derive(Debug)]
pub(super) struct Step<W, R> {
    /// What is to be done.
    pub(super) work: W,
    /// With which others it goes together; among those that can go next, the least goes first.
    pub(super) unit: usize,
    /// Resources that it does not rely on any more.
    pub(super) releases: Vec<R>,
    /// Resources that are gone after it.
    pub(super) frees: Vec<R>,
    /// Resources that are there after it.
    pub(super) makes: Vec<R>,
    /// Resources that it relies on, as they are to be.
    pub(super) needs: Vec<R>,
}

/// Returns the work in an order in which a resource is released before it is freed, freed before it is made, and made
/// before it is needed: in runs, each of one unit. What a resource that is not `binding` asks for is a wish.
pub(super) fn sorted<W, R: Ord>(steps: Vec<Step<W, R>>, binding: impl Fn(&R) -> bool) -> Vec<Vec<W>> {
    let mut sorting = Sorting::new(&steps, binding);
    let mut work: Vec<Option<W>> = steps.into_iter().map(|step| Some(step.work)).collect();
    let mut runs = Vec::new();
    while let Some(run) = sorting.next_run() {
        runs.push(run.into_iter().filter_map(|step| work[step].take()).collect());
    }
    runs
}

/// What has to do with a resource, by step.
#[derive(Default)]
struct Uses {
    releases: Vec<usize>,
    frees: Vec<usize>,
    makes: Vec<usize>,
    needs: Vec<usize>,
}

/// How many steps of other units a unit waits for.
#[derive(Default)]
struct Waiting {
    binding: usize,
    wished: usize,
}

struct Sorting {
    unit_of: Vec<usize>,
    /// The steps that each waits for, wishes aside.
    before: Vec<BTreeSet<usize>>,
    /// The steps that wait for each, and whether they have to.
    after: Vec<BTreeMap<usize, bool>>,
    waiting: BTreeMap<usize, Waiting>,
    /// The steps that are left of each unit.
    left: BTreeMap<usize, BTreeSet<usize>>,
}

impl Sorting {
    fn new<W, R: Ord>(steps: &[Step<W, R>], binding: impl Fn(&R) -> bool) -> Self {
        let mut uses: BTreeMap<&R, Uses> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            step.releases.iter().for_each(|resource| uses.entry(resource).or_default().releases.push(at));
            step.frees.iter().for_each(|resource| uses.entry(resource).or_default().frees.push(at));
            step.makes.iter().for_each(|resource| uses.entry(resource).or_default().makes.push(at));
            step.needs.iter().for_each(|resource| uses.entry(resource).or_default().needs.push(at));
        }
        let mut this = Self {
            unit_of: steps.iter().map(|step| step.unit).collect(),
            before: vec![BTreeSet::new(); steps.len()],
            after: vec![BTreeMap::new(); steps.len()],
            waiting: BTreeMap::new(),
            left: BTreeMap::new(),
        };
        for (at, step) in steps.iter().enumerate() {
            this.left.entry(step.unit).or_default().insert(at);
            this.waiting.entry(step.unit).or_default();
        }
        for (resource, Uses { releases, frees, makes, needs }) in &uses {
            for (firsts, thens) in [(releases, frees), (frees, makes), (makes, needs)] {
                let pairs = firsts.iter().flat_map(|first| thens.iter().map(move |then| (*first, *then)));
                pairs.for_each(|(first, then)| this.wait(first, then, binding(resource)));
            }
        }
        this.count();
        this
    }

    fn wait(&mut self, first: usize, then: usize, binding: bool) {
        if first != then {
            *self.after[first].entry(then).or_default() |= binding;
            if binding {
                self.before[then].insert(first);
            }
        }
    }

    fn count(&mut self) {
        for (first, thens) in self.after.iter().enumerate() {
            for (then, binding) in thens.iter().filter(|(then, _)| self.unit_of[**then] != self.unit_of[first]) {
                let waiting = self.waiting.entry(self.unit_of[*then]).or_default();
                *(if *binding { &mut waiting.binding } else { &mut waiting.wished }) += 1;
            }
        }
    }

    fn next_run(&mut self) -> Option<Vec<usize>> {
        let first = *self.left.keys().next()?;
        let is_free = |unit: &&usize| self.waiting[*unit].binding == 0;
        let is_pleased = |unit: &&usize| is_free(unit) && self.waiting[*unit].wished == 0;
        let whole = self.left.keys().find(is_pleased).or_else(|| self.left.keys().find(is_free)).copied();
        let opening = || self.left.keys().map(|unit| self.opening(*unit)).find(|steps| !steps.is_empty());
        let run = match whole {
            Some(unit) => self.left[&unit].clone(),
            // Without an opening, steps wait for each other: one has to be first.
            None => opening().unwrap_or_else(|| self.left[&first].clone()),
        };
        self.finish(&run);
        Some(run.into_iter().collect())
    }

    /// Returns the steps of a unit that others wait for, and that wait for none but each other.
    fn opening(&self, unit: usize) -> BTreeSet<usize> {
        let is_left = |step: &usize| self.left.get(&self.unit_of[*step]).is_some_and(|left| left.contains(step));
        let mut open = self.left[&unit].clone();
        loop {
            let all = open.clone();
            open.retain(|step| self.before[*step].iter().all(|first| !is_left(first) || all.contains(first)));
            if open.len() == all.len() {
                break;
            }
        }
        let leads_out = |step: &usize| {
            self.after[*step].iter().any(|(then, must)| *must && self.unit_of[*then] != unit && is_left(then))
        };
        let mut wanted: Vec<usize> = open.iter().copied().filter(leads_out).collect();
        let mut opening = BTreeSet::new();
        while let Some(step) = wanted.pop() {
            if opening.insert(step) {
                wanted.extend(self.before[step].intersection(&open));
            }
        }
        opening
    }

    fn finish(&mut self, run: &BTreeSet<usize>) {
        for step in run {
            let unit = self.unit_of[*step];
            for (then, binding) in self.after[*step].iter().filter(|(then, _)| self.unit_of[**then] != unit) {
                let waiting = self.waiting.entry(self.unit_of[*then]).or_default();
                *(if *binding { &mut waiting.binding } else { &mut waiting.wished }) -= 1;
            }
            if let Some(left) = self.left.get_mut(&unit) {
                left.remove(step);
                if left.is_empty() {
                    self.left.remove(&unit);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"a1: -x +y"` is a step of unit `a`: `-` frees, `+` makes, `<` releases, `?` needs, a capital is a wish.
    fn runs(spec: &str) -> String {
        let steps = spec.lines().map(|line| {
            let (name, uses) = line.trim().split_once(':').unwrap();
            let of = |sign: char| {
                uses.split_whitespace().filter_map(|word| Some(word.strip_prefix(sign)?.to_owned())).collect()
            };
            let unit = usize::from(name.as_bytes()[0]);
            Step { work: name, unit, releases: of('<'), frees: of('-'), makes: of('+'), needs: of('?') }
        });
        let binding = |resource: &String| resource.to_lowercase() == *resource;
        let runs = sorted(steps.collect(), binding);
        runs.iter().map(|run| run.join(" ")).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_resource_is_released_then_freed_then_made_then_needed() {
        assert_eq!(runs("a: ?x\nb: +x\nc: -x\nd: <x"), "d | c | b | a");
        assert_eq!(runs("a:\nb: +x\nc:"), "a | b | c", "in the order that was given otherwise");
    }

    #[test]
    fn units_stay_together_unless_they_wait_for_each_other() {
        assert_eq!(runs("a1: -x\na2: +y\nb1: -y\nb2: +z"), "b1 b2 | a1 a2");
        assert_eq!(runs("a1: -x\na2: +y\nb1: -y\nb2: +x"), "a1 | b1 b2 | a2");
        assert_eq!(runs("a0:\na1: -x\na2: +y\nb1: -y\nb2: +x\nc1: ?x"), "a1 | b1 b2 | a0 a2 | c1");
        assert_eq!(runs("a1: -x <k\na2: -k\na3: +y\nb1: -y\nb2: +k"), "a1 a2 | b1 b2 | a3", "with what comes before");
    }

    #[test]
    fn a_wish_breaks_no_unit() {
        assert_eq!(runs("a1: ?X +Y\nb1: +X ?Y\nc1: ?Y"), "a1 | b1 | c1");
        assert_eq!(runs("a1: ?X\nb1: +X"), "b1 | a1");
    }

    #[test]
    fn steps_that_wait_for_each_other_have_some_order() {
        assert_eq!(runs("a1: ?x +y\nb1: ?y +x"), "a1 | b1");
    }
}
