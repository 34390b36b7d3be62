//! A Rust file as its tokens: enough to find paths and words without taking comments and strings for code.

/// A file of the repository.
pub(crate) struct Source {
    /// Relative to the repository.
    pub(crate) path: String,
    tokens: Vec<String>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            tokens: tokens(text),
        }
    }

    /// Whether `word` stands in the code.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token == word)
    }

    /// Every path in the code; groups in braces are written out, and what `use` brought in is resolved.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if is_name(&self.tokens[at]) {
                self.path("", &mut at, &mut names);
            } else {
                at += 1;
            }
        }
        let resolved = names
            .iter()
            .filter_map(|name| resolve(name, &names))
            .collect::<Vec<_>>();
        names.extend(resolved);
        names
    }

    /// Files of the modules that this file declares for tests only.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        };
        let declared = self.tokens.windows(2).enumerate();
        let declared = declared.filter(|(at, pair)| pair[0] == "mod" && self.is_for_tests(*at));
        declared.map(|(_, pair)| format!("{folder}/{}.rs", pair[1])).collect()
    }

    /// Whether the item at `at` stands right behind an attribute `cfg` that names `test`.
    fn is_for_tests(&self, at: usize) -> bool {
        let attribute = self.tokens[..at]
            .rsplit(|token| token == "#")
            .next()
            .unwrap_or_default();
        let mut words = attribute.iter().map(String::as_str);
        attribute.last().is_some_and(|last| last == "]")
            && words.clone().any(|word| word == "cfg")
            && words.any(|word| word == "test")
    }

    /// Reads one path, or one branch of a `use` tree, from `at`.
    fn path(&self, prefix: &str, at: &mut usize, names: &mut Vec<String>) {
        let mut name = prefix.to_owned();
        while let Some(token) = self.tokens.get(*at) {
            *at += 1;
            if is_name(token) {
                name.push_str(token);
            } else if token == "{" {
                return self.group(&name, at, names);
            }
            if self.tokens.get(*at).is_none_or(|next| next != "::") {
                break;
            }
            name.push_str("::");
            *at += 1;
            if !self.tokens.get(*at).is_some_and(|next| is_name(next) || next == "{") {
                break;
            }
        }
        names.push(name);
    }

    /// Reads the branches of a `use` tree behind its opening brace.
    fn group(&self, prefix: &str, at: &mut usize, names: &mut Vec<String>) {
        while let Some(token) = self.tokens.get(*at) {
            match token.as_str() {
                "}" => {
                    *at += 1;
                    return;
                }
                token if is_name(token) => self.path(prefix, at, names),
                _ => *at += 1,
            }
        }
    }
}

/// `process::Command` where `use std::process` stands is `std::process::Command`.
fn resolve(name: &str, names: &[String]) -> Option<String> {
    let (first, rest) = name.split_once("::")?;
    let imported = names
        .iter()
        .find(|import| import.starts_with("std::") && import.rsplit("::").next() == Some(first))?;
    Some(format!("{imported}::{rest}"))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Words, `::` and single signs; comments, strings, characters and lifetimes left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = left_out(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            word(rest)
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if left_out(rest).is_none() && !first.is_whitespace() {
            tokens.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
    }
    tokens
}

fn word(text: &str) -> usize {
    text.find(|next: char| !next.is_alphanumeric() && next != '_')
        .unwrap_or(text.len())
}

/// Bytes of the comment, string, character or lifetime that starts here.
fn left_out(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    let quoted = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - quoted.len();
    if let Some(raw) = quoted.strip_prefix('r')
        && let Some(length) = raw_string(raw)
    {
        return Some(prefix + 1 + length);
    }
    match quoted.chars().next()? {
        '"' => Some(prefix + quoted_to(quoted, '"')?),
        '\'' => Some(prefix + character_or_lifetime(quoted)),
        _ => None,
    }
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    text[hashes..].starts_with('"').then_some(())?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(text[hashes + 1..].find(&end)? + hashes + 1 + end.len())
}

fn quoted_to(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn character_or_lifetime(text: &str) -> usize {
    let mut after = text.chars().skip(1);
    match (after.next(), after.next()) {
        (Some('\\'), _) | (_, Some('\'')) => quoted_to(text, '\'').unwrap_or(text.len()),
        _ => 1 + word(&text[1..]),
    }
}
