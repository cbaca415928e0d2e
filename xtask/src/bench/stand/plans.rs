//! Configs with many checks: one service each, spread over a few hosts.

/// So many services, one check each; check n runs the journey of one step that stands at n in `steps`, in turns.
pub(in super::super) fn spread(checks: usize, steps: &[String], defaults: &str) -> String {
    let templates: String = steps
        .iter()
        .enumerate()
        .map(|(at, step)| format!("  t{at}: {{capabilities: {{serve: {{journey: [{step}]}}}}}}\n"))
        .collect();
    let services: String = (0..steps.len().min(checks))
        .map(|at| {
            let ids: Vec<String> = (at..checks).step_by(steps.len()).map(|n| format!("s{n}")).collect();
            format!("  - {{ids: [{}], template: t{at}}}\n", ids.join(", "))
        })
        .collect();
    format!("defaults: {{{defaults}}}\ntemplates:\n{templates}services:\n{services}")
}

/// HTTP checks of these URLs, a connection for each.
pub(in super::super) fn http(checks: usize, urls: &[String], every: &str) -> String {
    let steps: Vec<String> =
        urls.iter().map(|url| format!("{{get: \"{url}\", expect: {{status: 200}}}}")).collect();
    // As long as the interval allows: a busy machine should not make failures of the first rush.
    let deadline =
        if every == "1s" { "timeout: 900ms, deadline: 900ms" } else { "timeout: 10s, deadline: 10s" };
    spread(checks, &steps, &format!("every: {every}, {deadline}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_there_once_in_turns_over_the_hosts() {
        let plan = spread(5, &["{tcp: \"a:1\"}".into(), "{tcp: \"b:1\"}".into()], "every: 1s");
        assert!(plan.contains("ids: [s0, s2, s4], template: t0"), "{plan}");
        assert!(plan.contains("ids: [s1, s3], template: t1"), "{plan}");
        assert!(!spread(1, &["x".into(), "y".into()], "").contains("ids: []"));
    }
}
