//! On what the values were taken: without it they say nothing.

use std::path::Path;

use super::stand::versions;
use crate::run::ask;

/// A short list in Markdown.
pub(crate) fn describe(root: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let first_line = |program: &str, args: &[&str]| {
        ask(root, program, args)
            .and_then(|text| text.lines().next().map(str::to_string))
            .unwrap_or_else(|| "unknown".into())
    };
    let rows = [
        ("date", first_line("date", &["-u", "+%Y-%m-%d"])),
        ("processor", processor()),
        ("cores", cores.to_string()),
        ("memory", memory()),
        ("kernel", first_line("uname", &["-sr"])),
        ("compiler", first_line("rustc", &["--version"])),
        ("commit", first_line("git", &["rev-parse", "--short=12", "HEAD"])),
    ];
    let peers = versions(root);
    rows.iter().chain(&peers).map(|(name, value)| format!("* {name}: {}\n", value.trim())).collect()
}

fn processor() -> String {
    field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into())
}

fn memory() -> String {
    let kib = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    kib.map_or_else(|| "unknown".into(), |kib| format!("{} GiB", kib / (1024 * 1024)))
}

/// The value of the first line `name : value` in a file of the kernel's.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_string())
}
