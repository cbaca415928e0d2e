//! Pages that say sorry with a status that says success.
//!
//! Looked for in the title and first heading of a page, where a page says what it is; a mention in running text is
//! none. Absent: languages other than English; `not_text:` names what a service says in its own.

/// What such pages say, in lower case.
const PHRASES: [&str; 13] = [
    "temporarily unavailable",
    "we'll be right back",
    "we will be right back",
    "we'll be back soon",
    "under maintenance",
    "down for maintenance",
    "service unavailable",
    "currently unavailable",
    "could not complete your request",
    "couldn't complete your request",
    "cannot be displayed",
    "can't be displayed",
    "try again later",
];

/// Where in a page title and heading are looked for, in bytes.
const HEAD_MAX: usize = 64 << 10;

/// Bytes of the page taken for its beginning.
const BEGINNING_MAX: usize = 1024;

/// Longest title or heading looked at, in bytes.
const TITLE_MAX: usize = 1024;

/// The phrase with which the title or first heading of `page` says sorry.
pub(super) fn in_title(page: &[u8]) -> Option<&'static str> {
    let head = lower(page, HEAD_MAX);
    ["title", "h1"].iter().find_map(|tag| phrase(&element(&head, tag)?))
}

/// The same, or that in the beginning of the page.
pub(super) fn anywhere_near_the_top(page: &[u8]) -> Option<&'static str> {
    in_title(page).or_else(|| phrase(&lower(page, BEGINNING_MAX)))
}

fn phrase(text: &str) -> Option<&'static str> {
    let text = plain(text);
    PHRASES.iter().find(|phrase| text.contains(**phrase)).copied()
}

fn lower(page: &[u8], max: usize) -> String {
    let (head, _) = page.split_at_checked(max).unwrap_or((page, &[]));
    String::from_utf8_lossy(head).to_ascii_lowercase()
}

/// What stands in the first element of this name.
fn element(head: &str, tag: &str) -> Option<String> {
    let mut rest = head;
    loop {
        let (_, after) = rest.split_once(&format!("<{tag}"))?;
        if after.starts_with(|c: char| c == '>' || c.is_whitespace()) {
            let (_, inner) = after.split_once('>')?;
            let inner = inner.split_once(&format!("</{tag}")).map_or(inner, |(inner, _)| inner);
            return Some(inner.chars().take(TITLE_MAX).collect());
        }
        rest = after;
    }
}

/// Text without tags, with plain apostrophes and single blanks.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if in_tag => {}
            '\u{2019}' => out.push('\''),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    for entity in ["&#39;", "&#x27;", "&apos;", "&rsquo;", "&#8217;"] {
        out = out.replace(entity, "'");
    }
    let out = out.replace("&nbsp;", " ");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apology_is_known_by_title_or_heading() {
        let pages = [
            "<html><TITLE>Shop - Temporarily  Unavailable</TITLE>",
            "<title>Shop</title><body><h1 class=big>We&rsquo;ll be <b>right back</b></h1>",
            "<header></header><h1>Could not complete\nyour request.</h1>",
        ];
        for page in pages {
            assert!(in_title(page.as_bytes()).is_some(), "{page}");
        }
    }

    #[test]
    fn a_mention_in_running_text_is_no_apology() {
        let page = "<title>Shop</title><h1>Top charts</h1><p>Item 7 is temporarily unavailable.</p>";
        assert_eq!(in_title(page.as_bytes()), None);
        assert_eq!(in_title("<titles>service unavailable".as_bytes()), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_no_apology() {
        assert_eq!(in_title(&[0xff; 4096]), None);
        assert_eq!(anywhere_near_the_top(b"<title"), None);
    }
}
