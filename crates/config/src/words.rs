//! Words for readers, derived from ids: `sign-in` is "Sign in", "sign in", "signing in". All can be overridden.

/// The words of a capability.
pub(crate) struct CapabilityWords {
    /// As a heading.
    pub(crate) name: String,
    /// After "You can".
    pub(crate) can: String,
    /// As the subject of a sentence.
    pub(crate) doing: String,
}

/// Ids whose words do not follow from the rule: (id, can, doing).
const KNOWN: &[(&str, &str, &str)] = &[
    ("serve", "use", "using"),
    ("use", "use", "using"),
    ("open", "open", "opening"),
    ("reach", "reach", "reaching"),
    ("home", "open the front page", "opening the front page"),
    ("front-page", "open the front page", "opening the front page"),
    ("login", "sign in", "signing in"),
    ("log-in", "log in", "logging in"),
    ("signin", "sign in", "signing in"),
    ("signup", "sign up", "signing up"),
    ("logout", "sign out", "signing out"),
    ("checkout", "check out", "checking out"),
    ("mail", "use mail", "mail"),
    ("api", "use the API", "the API"),
    ("web", "use the site", "the site"),
    ("payment", "pay", "paying"),
    ("payments", "pay", "paying"),
    ("orders", "order", "ordering"),
    ("purchase", "buy", "buying"),
    ("certificate", "connect securely", "connecting securely"),
    ("dns", "find", "finding"),
];

/// Verbs that double their last letter before -ing, or otherwise leave the rule.
const DOINGS: &[(&str, &str)] = &[
    ("get", "getting"),
    ("put", "putting"),
    ("run", "running"),
    ("set", "setting"),
    ("shop", "shopping"),
    ("ship", "shipping"),
    ("submit", "submitting"),
    ("log", "logging"),
    ("chat", "chatting"),
    ("plan", "planning"),
    ("tag", "tagging"),
    ("stop", "stopping"),
    ("begin", "beginning"),
    ("see", "seeing"),
    ("view", "viewing"),
    ("pay", "paying"),
    ("die", "dying"),
];

/// The words that follow from an id.
pub(crate) fn of_capability(id: &str) -> CapabilityWords {
    let name = capital(&spaced(id));
    if let Some((_, can, doing)) = KNOWN.iter().find(|(known, _, _)| *known == id) {
        return CapabilityWords { name, can: (*can).into(), doing: (*doing).into() };
    }
    let can = spaced(id);
    let (verb, rest) = can.split_once(' ').unwrap_or((&can, ""));
    let doing = if rest.is_empty() { doing(verb) } else { format!("{} {rest}", doing(verb)) };
    CapabilityWords { name, doing, can }
}

/// The -ing form of a verb.
fn doing(verb: &str) -> String {
    if let Some((_, doing)) = DOINGS.iter().find(|(known, _)| *known == verb) {
        return (*doing).into();
    }
    if verb.ends_with("ing") {
        return verb.into();
    }
    match verb.strip_suffix('e') {
        Some(stem) if !verb.ends_with("ee") && !verb.ends_with("oe") && !verb.ends_with("ye") => {
            format!("{stem}ing")
        }
        _ => format!("{verb}ing"),
    }
}

/// The name that follows from the id of a service, place or vantage: `app-store` is "App Store".
pub(crate) fn title(id: &str) -> String {
    spaced(id).split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

fn spaced(id: &str) -> String {
    id.replace(['-', '_'], " ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_from_the_id() {
        let all: Vec<String> = [
            "browse",
            "buy",
            "sign-in",
            "download",
            "send",
            "read",
            "search",
            "serve",
            "upload",
            "install",
            "watch",
            "listen",
            "open",
            "get-help",
            "see",
            "upload-builds",
        ]
        .iter()
        .map(|id| {
            let words = of_capability(id);
            format!("{} / {} / {}", words.name, words.can, words.doing)
        })
        .collect();
        let expected = [
            "Browse / browse / browsing",
            "Buy / buy / buying",
            "Sign in / sign in / signing in",
            "Download / download / downloading",
            "Send / send / sending",
            "Read / read / reading",
            "Search / search / searching",
            "Serve / use / using",
            "Upload / upload / uploading",
            "Install / install / installing",
            "Watch / watch / watching",
            "Listen / listen / listening",
            "Open / open / opening",
            "Get help / get help / getting help",
            "See / see / seeing",
            "Upload builds / upload builds / uploading builds",
        ];
        assert_eq!(all, expected);
        assert_eq!(title("app-store"), "App Store");
    }
}
