//! Links in Markdown that point at files of the project point at files that exist.
//!
//! Looked at: `[words](target)` and images, outside of code. Absent: addresses on the web, which are not ours to keep
//! up, and the headings behind `#`.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule =
    Rule { name: "links", why: "a reader who follows a link into nothing stops trusting the rest", check };

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            let file = target.split('#').next().unwrap_or("");
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            match resolve(path, file) {
                Some(resolved) if tree.has(&resolved) => {}
                _ => findings.push(Finding::at(
                    path,
                    line,
                    format!("{target} leads nowhere: mend the link or add the file"),
                )),
            }
        }
    }
    findings
}

/// Line (from 1) and target of every link outside of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece between backticks is code.
        for prose in line.split('`').step_by(2) {
            let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            found.extend(targets.map(|(target, _)| (at + 1, target.split(' ').next().unwrap_or(target))));
        }
    }
    found
}

/// The path from the root that `target` means in a file at `path`; `None` where it leaves the project.
fn resolve(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::RULE;

    const TEXT: &str = "\
[good](b.md) and [bad](c.md) and ![up](../README.md#top) [web](https://shop.example/) `[code](x.md)`
```
[fenced](y.md)
```
[folder](.) [out](../../z.md) [heading](#here)
";

    #[test]
    fn links_lead_somewhere() {
        let found =
            findings(RULE, &[("docs/a.md", TEXT), ("docs/b.md", ""), ("README.md", "[a](docs/a.md)")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|f| f.starts_with("docs/a.md:1: c.md")), "{found:?}");
        assert!(found.iter().any(|f| f.starts_with("docs/a.md:5: ../../z.md")), "{found:?}");
    }

    #[test]
    fn code_between_the_words_and_the_target_of_a_link_is_still_a_link() {
        let found = findings(RULE, &[("a.md", "see [`core`](core.md)\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
