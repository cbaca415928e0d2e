//! `candor explain`: walks to a name, and names what is wrong, where, and who can mend it.

use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::finding::{Finding, What};
use candor_explain::Known;
use candor_names::walk::{Bounds, KnownServer, Start};
use candor_names::{Question, Resolver, SystemResolver, Walk, WalkRequest, Zone, walk};
use tokio::time::Instant;

use super::{Failure, Outcome};
use crate::args::explain::{ExplainArgs, ExplainFormat, Rdap};
use crate::explain::reach::Others;
use crate::explain::{Progress, human, incident, json, rdap, reach, svg};
use crate::print::{out, quoted};

/// The types that a name is asked for where none is named: what a browser asks.
const ADDRESSES: [&str; 2] = ["A", "AAAA"];
/// Types that are no data of a name: questions about messages, and what only goes along with others.
const NOT_WALKED: [&str; 11] =
    ["ANY", "AXFR", "IXFR", "OPT", "TSIG", "TKEY", "RRSIG", "NSEC", "NSEC3", "MAILA", "MAILB"];
/// Most names that are asked beside the one that is meant.
const MAX_NEIGHBOURS: usize = 64;
/// Faults of a zone file that are told.
const FAULTS: usize = 5;
/// Largest zone file.
const MAX_ZONE: u64 = 512 << 20;
/// Letters of a note that are shown: some of them are a registry's.
const LONGEST_NOTE: usize = 300;
/// Largest file of hints.
const MAX_HINTS: u64 = 1 << 20;

/// What is asked about.
struct Subject {
    questions: Vec<Question>,
    url: Option<String>,
}

pub(crate) async fn run(args: ExplainArgs) -> Outcome {
    if let Some(number) = args.incident {
        return of_incident(number, &args).await;
    }
    let subject = subject(args.subject.as_deref().unwrap_or_default())?;
    let start = start(&args)?;
    let known = known(&args)?;
    let name = subject.questions.first().map(Question::name).unwrap_or_default();
    let until = Instant::now() + Duration::from_secs(args.within.into());
    let private = args.hints.is_some() || !args.stub.is_empty();
    let others = match (args.resolver.as_slice(), private) {
        ([], false) => Others::System,
        ([], true) => Others::Nowhere,
        (list, _) => Others::At(list.iter().map(|resolver| resolver.0).collect()),
    };
    let request = WalkRequest {
        neighbours: neighbours(&known, &subject.questions),
        former: known.servers(args.port),
        resolvers: resolvers(&args, &start).await,
        questions: subject.questions,
        bounds: Bounds { time: Duration::from_secs(args.within.into()), ..Bounds::default() },
    };
    let progress = Progress::new();
    let walked = walk(&start, &request, &|step| progress.show(&step)).await;
    let mut finding = candor_explain::judge(&walked, &known, Timestamp::now());
    if let (Some(url), What::Healthy { .. }) = (&subject.url, &finding.what)
        && let Some(what) = reach::follow(url, &name, &walked, &others, until).await?
    {
        finding.what = what;
    }
    let mut notes = not_used(&walked, &known);
    notes.extend(registry(&args, &walked, &mut finding, until).await);
    progress.clear();
    print(args.format, &finding, &walked, &notes)?;
    Ok(code(&finding))
}

/// What was demanded and could not be held against anything.
fn not_used(walked: &Walk, known: &Known) -> Vec<String> {
    let list = candor_explain::unused(walked, known).into_iter();
    list.map(|one| format!("--expected {one} was not used: no server on this walk was heard about it"))
        .collect()
}

/// Asks the registry when the registration of the domain ends; a note where nothing came of it.
async fn registry(
    args: &ExplainArgs,
    walked: &Walk,
    finding: &mut Finding,
    until: Instant,
) -> Option<String> {
    let private = args.hints.is_some() || !args.stub.is_empty();
    let base = match (&args.rdap, private) {
        (Some(Rdap::At(url)), _) => url.clone(),
        (Some(Rdap::Nobody), _) | (None, true) => return None,
        (None, false) => url::Url::parse(rdap::INTERNET).ok()?,
    };
    let domain = candor_explain::registered(walked, &finding.what)?;
    match rdap::registration(&base, &domain, until).await {
        Ok(registration) => {
            candor_explain::with_registration(finding, &domain, registration);
            None
        }
        Err(why) => {
            let why: String = why.chars().take(LONGEST_NOTE).collect();
            let domain = domain.trim_end_matches('.');
            Some(format!("what the registry of {domain} says is not known: {why}"))
        }
    }
}

async fn of_incident(number: u64, args: &ExplainArgs) -> Outcome {
    let found = incident::ask(number, args.operators).await?;
    match args.format {
        ExplainFormat::Human => out(incident::human(&found).trim_end()),
        ExplainFormat::Json => out(&found.to_string()),
        ExplainFormat::Svg => out(incident::picture(&found, args.operators).await?.trim_end()),
    }
    Ok(if incident::is_known(&found) { ExitCode::from(1) } else { ExitCode::from(2) })
}

fn print(format: ExplainFormat, finding: &Finding, walked: &Walk, notes: &[String]) -> Result<(), Failure> {
    match format {
        ExplainFormat::Human => out(human::text(finding, walked, notes).trim_end()),
        ExplainFormat::Json => out(&json::text(finding, walked, notes)?),
        ExplainFormat::Svg => out(svg::text(finding, walked).trim_end()),
    }
    Ok(())
}

fn code(finding: &Finding) -> ExitCode {
    match finding.what {
        What::Healthy { .. } => ExitCode::SUCCESS,
        What::CouldNotTell { .. } => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}

/// Takes a name, a name and a type, or a URL.
fn subject(text: &str) -> Result<Subject, Failure> {
    if text.contains("://") {
        let url =
            url::Url::parse(text).map_err(|why| Failure(format!("{} is not a URL: {why}", quoted(text))))?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or_else(|| {
            Failure(format!("{} is not a URL of a site: https://shop.example", quoted(text)))
        })?;
        return Ok(Subject { questions: questions(host, None)?, url: Some(text.to_owned()) });
    }
    let (name, rtype) = text.split_once('/').map_or((text, None), |(name, rtype)| (name, Some(rtype)));
    Ok(Subject { questions: questions(name, rtype)?, url: None })
}

fn questions(name: &str, rtype: Option<&str>) -> Result<Vec<Question>, Failure> {
    if name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Err(Failure(format!("{} is an address: it has no name to walk to", quoted(name))));
    }
    if let Some(rtype) =
        rtype.filter(|rtype| NOT_WALKED.iter().any(|other| rtype.eq_ignore_ascii_case(other)))
    {
        let rtype = rtype.to_ascii_uppercase();
        return Err(Failure(format!(
            "{rtype} is no type that a name can be walked for: leave it out, or name one such as MX"
        )));
    }
    let types = rtype.map_or_else(|| ADDRESSES.to_vec(), |rtype| vec![rtype]);
    Ok(types.into_iter().map(|rtype| Question::parse(name, rtype)).collect::<Result<_, _>>()?)
}

fn start(args: &ExplainArgs) -> Result<Start, Failure> {
    let mut start = match &args.hints {
        Some(file) => hints(file)?,
        None if args.stub.is_empty() => Start::internet(),
        None => Start::nowhere(),
    };
    start = start.with_port(args.port);
    for stub in &args.stub {
        let name = stub.name.clone().map_or_else(|| stub.address.ip().to_string(), |name| absolute(&name));
        start = start.with_stub(&stub.zone, KnownServer { name, address: stub.address })?;
    }
    Ok(start)
}

fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn hints(file: &Path) -> Result<Start, Failure> {
    let shown = quoted(&file.to_string_lossy());
    let bad = |why: &dyn std::fmt::Display| Failure(format!("the hints in {shown} cannot be read: {why}"));
    let text = text_of(file, MAX_HINTS).map_err(|why| bad(&why))?;
    Start::hints(&text).map_err(|why| bad(&why))
}

/// The text of a file that is one, and not too large.
fn text_of(file: &Path, limit: u64) -> io::Result<String> {
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut text = String::new();
    let read = std::fs::File::open(file)?.take(limit + 1).read_to_string(&mut text)?;
    if read as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is larger than {limit} bytes")));
    }
    Ok(text)
}

fn known(args: &ExplainArgs) -> Result<Known, Failure> {
    let mut known = Known::default();
    if let Some(file) = &args.expected_zone {
        let shown = quoted(&file.to_string_lossy());
        let bad = |why: &dyn std::fmt::Display| Failure(format!("the zone in {shown} cannot be read: {why}"));
        let text = text_of(file, MAX_ZONE).map_err(|why| bad(&why))?;
        let zone = Zone::parse(&text, None, &file.to_string_lossy()).map_err(|faults| {
            let list: Vec<String> = faults.iter().take(FAULTS).map(ToString::to_string).collect();
            bad(&list.join("\n  "))
        })?;
        known.serial = Some(zone.serial());
        for record in zone
            .records()
            .filter(|record| !matches!(record.rtype.as_str(), "SOA" | "RRSIG" | "NSEC" | "NSEC3"))
        {
            known.add(&record.name, &record.rtype, record.data);
        }
    }
    for text in &args.expected {
        known.expect(text)?;
    }
    Ok(known)
}

/// Other names that are known, spread over all of them: the servers are asked for these too.
fn neighbours(known: &Known, asked: &[Question]) -> Vec<Question> {
    let is_asked = |name: &str, rtype: &str| {
        asked.iter().any(|question| question.name().eq_ignore_ascii_case(name) && question.rtype() == rtype)
    };
    // Those that were demanded one by one go before those of a whole zone.
    let demanded: Vec<(String, String)> =
        known.demanded().iter().filter(|(name, rtype)| !is_asked(name, rtype)).cloned().collect();
    let mut others: Vec<(String, String)> =
        known.names.iter().map(|one| (one.name.clone(), one.rtype.clone())).collect();
    others.retain(|one| !is_asked(&one.0, &one.1) && !demanded.contains(one));
    let room = MAX_NEIGHBOURS.saturating_sub(demanded.len()).max(1);
    let step = others.len().div_ceil(room).max(1);
    let chosen = demanded.into_iter().chain(others.into_iter().step_by(step));
    chosen.filter_map(|(name, rtype)| Question::parse(&name, &rtype).ok()).collect()
}

/// The resolvers that are compared with. In a private tree the system's know nothing of it, and are not asked.
async fn resolvers(args: &ExplainArgs, start: &Start) -> Vec<std::net::SocketAddr> {
    if !args.resolver.is_empty() {
        return args.resolver.iter().map(|resolver| resolver.0).collect();
    }
    if args.hints.is_some() || !args.stub.is_empty() || !start.has_roots() {
        return Vec::new();
    }
    SystemResolver::new().servers().await
}
