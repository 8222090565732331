//! Words for people: suggestions for misspelt names, lists, and foreign text made harmless.

/// The candidate that was probably meant.
#[must_use]
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The measures take quadratic time, and nobody misspells by so much.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &other);
        // Of two letters one may be wrong; of one none, or `k` would suggest `n`.
        let near = distance <= 2.min(name.chars().count() / 2)
            || strsim::jaro_winkler(&lower, &other) >= 0.85;
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `a, b, c`; cut when there are too many to read.
pub(super) fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| shown(name.as_ref())).collect();
    let more = names.len().saturating_sub(LISTED_MAX);
    let mut text = names[..names.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(", and {more} more"));
    }
    text
}

const LISTED_MAX: usize = 24;

/// A piece of somebody's text, fit for a message: short, on one line, without control characters.
pub(super) fn shown(text: &str) -> String {
    harmless(text, SHOWN_MAX)
}

/// `text` without anything that could upset a terminal, cut after some `most` bytes.
pub(super) fn harmless(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= most {
            out.push('…');
            break;
        }
        if is_harmless(c) {
            out.push(c)
        } else {
            out.extend(c.escape_unicode())
        }
    }
    out
}

const SHOWN_MAX: usize = 40;

/// Not a control character, and none that reorders or hides text on a terminal.
pub(super) fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_was_meant_and_nothing_far_fetched() {
        let fields = ["latency", "loss", "duplicate"];
        assert_eq!(similar("los", fields), Some("loss"));
        assert_eq!(similar("Latency", fields), Some("latency"));
        assert_eq!(similar("dupicate", fields), Some("duplicate"));
        assert_eq!(similar("x", ["n", "k"]), None);
        assert_eq!(similar("bandwidth", fields), None);
        assert_eq!(
            similar("delivery_rate", ["delivery_ratio", "messages"]),
            Some("delivery_ratio")
        );
    }

    #[test]
    fn foreign_text_is_cut_and_made_harmless() {
        assert_eq!(shown("a\u{1b}[31m\n"), "a\\u{1b}[31m\\u{a}");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 41);
    }
}
