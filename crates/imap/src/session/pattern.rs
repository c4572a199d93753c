//! Patterns of LIST: `*` is anything, `%` anything within one level. RFC 3501 section
//! 6.3.8.

/// The hierarchy separator.
pub(super) const SEPARATOR: char = '/';

/// A reference and a pattern, joined: names here have no other meaning relative to
/// another than to begin with it.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// No wildcard stands beside another.
    characters: Vec<char>,
    /// How many of them are no wildcards: no shorter name matches.
    literals: usize,
}

impl Pattern {
    pub(super) fn new(reference: &str, pattern: &str) -> Self {
        let mut characters: Vec<char> = Vec::new();
        for character in reference.chars().chain(pattern.chars()) {
            match (characters.last_mut(), character) {
                // Beside another one of them says all.
                (Some('*'), '*' | '%') | (Some('%'), '%') => {}
                (Some(last @ '%'), '*') => *last = '*',
                _ => characters.push(character),
            }
        }
        let literals = characters.iter().filter(|c| !is_wildcard(**c)).count();
        Self {
            characters,
            literals,
        }
    }

    /// Whether a name matches as a whole. INBOX does in any case (RFC 9051 section 5.1).
    ///
    /// It walks all ways through the pattern at once, so that its time is that of name
    /// times pattern, whatever they are.
    pub(super) fn matches(&self, name: &str) -> bool {
        if name.chars().count() < self.literals {
            return false;
        }
        let inbox = name.split(SEPARATOR).next() == Some("INBOX");
        let mut here = vec![false; self.characters.len() + 1];
        if let Some(start) = here.first_mut() {
            *start = true;
        }
        self.pass_wildcards(&mut here);
        for (index, character) in name.chars().enumerate() {
            let any_case = inbox && index < "INBOX".len();
            here = self.step(&here, character, any_case);
            self.pass_wildcards(&mut here);
        }
        here.last() == Some(&true)
    }

    /// A wildcard may stand for nothing.
    fn pass_wildcards(&self, here: &mut [bool]) {
        let mut passing = false;
        for (index, reached) in here.iter_mut().enumerate() {
            *reached |= passing;
            let wildcard = self.characters.get(index).copied().is_some_and(is_wildcard);
            passing = *reached && wildcard;
        }
    }

    fn step(&self, here: &[bool], character: char, any_case: bool) -> Vec<bool> {
        let mut next = vec![false; here.len()];
        let reached = here
            .iter()
            .zip(&self.characters)
            .enumerate()
            .filter(|(_, (here, _))| **here);
        for (index, (_, &wanted)) in reached {
            let to = match wanted {
                '*' => index,
                '%' if character != SEPARATOR => index,
                '%' => continue,
                wanted if wanted == character => index + 1,
                wanted if any_case && wanted.eq_ignore_ascii_case(&character) => index + 1,
                _ => continue,
            };
            if let Some(reached) = next.get_mut(to) {
                *reached = true;
            }
        }
        next
    }
}

fn is_wildcard(character: char) -> bool {
    matches!(character, '*' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new("", pattern).matches(name)
    }

    #[test]
    fn wildcards() {
        for (pattern, yes, no) in [
            ("*", "a/b/c", "\u{0}never"),
            ("%", "abc", "a/b"),
            ("a/%", "a/b", "a/b/c"),
            ("a*c", "a/b/c", "a/b/d"),
            ("%/%", "a/b", "a/b/c"),
            ("*%*", "été", "\u{0}never"),
            ("a%%%c", "abc", "a/c"),
            ("a%*c", "a/b/c", "a/b"),
            ("%*", "a/b", "\u{0}never"),
            ("INBOX", "INBOX", "INBOXES"),
            ("inb%", "INBOX", "Inbow"),
            ("inbox/a", "INBOX/a", "INBOX/A"),
            ("", "", "a"),
        ] {
            assert!(matches(pattern, yes), "{pattern} {yes}");
            assert!(
                no.starts_with('\0') || !matches(pattern, no),
                "{pattern} {no}"
            );
        }
        assert!(!matches("inboxes", "INBOXES"));
        assert!(Pattern::new("a/", "%").matches("a/b"));
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        assert!(matches(
            &"*%".repeat(500),
            &format!("{}/", "a".repeat(1000))
        ));
        assert!(!matches(&"*a".repeat(500), &"a".repeat(400)));
    }
}
