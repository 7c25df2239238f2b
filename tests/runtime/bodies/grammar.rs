//! Grammars as tables, and texts made from them.

use std::collections::BTreeMap;

/// Alternatives of each rule; `{rule}` is replaced by one of that rule. The first is the shortest.
#[derive(Clone, Default)]
pub(super) struct Grammar(BTreeMap<&'static str, Vec<&'static str>>);

/// How deep rules are nested before the first alternative is taken.
const DEEPEST: usize = 14;

impl Grammar {
    /// Adds alternatives.
    pub(super) fn with(mut self, rules: &[(&'static str, &[&'static str])]) -> Self {
        for (rule, alternatives) in rules {
            self.0.entry(rule).or_default().extend_from_slice(alternatives);
        }
        self
    }

    /// Makes a text from decisions; when they run out, the first alternatives are taken.
    pub(super) fn expand(&self, rule: &str, choices: &[u16]) -> String {
        let mut text = String::new();
        self.append(rule, &mut choices.iter().copied(), DEEPEST, &mut text);
        text
    }

    fn append(&self, rule: &str, choices: &mut impl Iterator<Item = u16>, depth: usize, text: &mut String) {
        let alternatives = self.0.get(rule).unwrap_or_else(|| panic!("no rule {rule}"));
        let choice = if depth == 0 { 0 } else { choices.next().unwrap_or(0) };
        let mut rest = alternatives[usize::from(choice) % alternatives.len()];
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, behind) = after.split_once('}').expect("`{rule}`");
            text.push_str(before);
            self.append(inner, choices, depth.saturating_sub(1), text);
            rest = behind;
        }
        text.push_str(rest);
    }
}
