//! A plan made ready to run: for each check its journey, its variables and the resolver of each step, found once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use candor_core::id::{CheckId, VantageId};
use candor_core::model::{Capability, Cell, Journey, Plan, Resolve, Service, Step, StepWhen, Target};
use candor_core::template::Template;
use candor_names::{PinnedResolver, Resolver, ServersResolver, SystemResolver};
use url::Url;

use crate::guard::AllowedHosts;
use crate::redact::Redactor;
use crate::runner::CLEANUP_BUDGET;
use crate::schedule::CheckSchedule;
use crate::variables::Variables;

/// A check made ready to run.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) journey: Arc<Journey>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) deadline: Duration,
    pub(crate) every: Duration,
    pub(crate) redactor: Arc<Redactor>,
    /// One for each step.
    pub(crate) routes: Vec<Route>,
    /// The hosts that the configuration names, where they are the same for every run.
    allowed: Option<Arc<AllowedHosts>>,
}

/// How a step finds addresses.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) resolve: Arc<Resolve>,
}

/// All checks of `plan`; every step resolves by `over`, where that is given.
pub(crate) fn checks(plan: &Plan, over: Option<&Arc<dyn Resolver>>) -> HashMap<CheckId, Prepared> {
    let mut routes = Routes { over, made: Vec::new() };
    let mut checks = HashMap::new();
    for service in &plan.services {
        for capability in &service.capabilities {
            let redactor = Arc::new(Redactor::of(&capability.journey));
            for cell in &capability.cells {
                for check in &cell.checks {
                    let routes = routes.of_journey(plan, service, &check.vantage, &capability.journey);
                    checks.insert(check.id, prepare(service, capability, cell, redactor.clone(), routes));
                }
            }
        }
    }
    checks
}

fn prepare(
    service: &Service,
    capability: &Capability,
    cell: &Cell,
    redactor: Arc<Redactor>,
    routes: Vec<Route>,
) -> Prepared {
    let mut variables = cell.variables.clone();
    variables.entry("id".to_owned()).or_insert_with(|| service.id.to_string());
    Prepared {
        journey: capability.journey.clone(),
        variables,
        deadline: capability.policy.deadline,
        every: capability.policy.every,
        redactor,
        routes,
        allowed: None,
    }
    .with_hosts()
}

/// The resolvers made so far: one for each way of resolving, shared by all that resolve so.
struct Routes<'p> {
    over: Option<&'p Arc<dyn Resolver>>,
    made: Vec<(&'p Resolve, Route)>,
}

impl<'p> Routes<'p> {
    fn of_journey(
        &mut self,
        plan: &'p Plan,
        service: &'p Service,
        vantage: &VantageId,
        journey: &'p Journey,
    ) -> Vec<Route> {
        journey.steps.iter().map(|step| self.of(plan.resolve_of(&step.resolve, service, vantage))).collect()
    }

    fn of(&mut self, resolve: &'p Resolve) -> Route {
        // Mostly the very same words: a long table is not compared entry by entry for each of thousands of checks.
        let same = |known: &Resolve| std::ptr::eq(known, resolve) || *known == *resolve;
        if let Some((_, route)) = self.made.iter().find(|(known, _)| same(known)) {
            return route.clone();
        }
        let resolver: Arc<dyn Resolver> = match (self.over, resolve) {
            (Some(over), _) => over.clone(),
            (None, Resolve::Inherit | Resolve::System) => Arc::new(SystemResolver::new()),
            (None, Resolve::Servers(servers)) => Arc::new(ServersResolver::new(servers.clone())),
            (None, Resolve::Pinned(hosts)) => Arc::new(PinnedResolver::new(hosts.clone())),
        };
        let route = Route { resolver, resolve: Arc::new(resolve.clone()) };
        self.made.push((resolve, route.clone()));
        route
    }
}

impl Prepared {
    /// What the schedule needs to know.
    pub(crate) fn schedule(&self, id: CheckId) -> CheckSchedule {
        let cleans_up = self.journey.steps.iter().any(|step| step.when == StepWhen::Always);
        let variables = self.variables("run".to_owned());
        let first = self.journey.steps.first().and_then(|step| aimed_at(&step.step, &variables));
        CheckSchedule {
            id,
            every: self.every,
            deadline: if cleans_up { self.deadline + CLEANUP_BUDGET } else { self.deadline },
            host: first.unwrap_or_default(),
            writes: self.journey.writes,
        }
    }

    /// The variables of a run with this number, before any capture.
    pub(crate) fn variables(&self, run: String) -> Variables<'_> {
        Variables::new(run, &self.variables, &self.journey.variables)
    }

    /// Finds the hosts once, where no run has hosts of its own.
    fn with_hosts(mut self) -> Self {
        let [one, other] = ["one", "other"].map(|run| self.named_hosts(&self.variables(run.to_owned())));
        self.allowed = (one == other).then(|| Arc::new(one));
        self
    }

    /// The hosts that the configuration names, for a run with these variables.
    pub(crate) fn allowed(&self, variables: &Variables<'_>) -> Arc<AllowedHosts> {
        self.allowed.clone().unwrap_or_else(|| Arc::new(self.named_hosts(variables)))
    }

    /// Those in the steps, outside of captured holes, and under `allow:`.
    fn named_hosts(&self, variables: &Variables<'_>) -> AllowedHosts {
        let mut allowed = AllowedHosts::default();
        self.journey.allow_hosts.iter().for_each(|host| allowed.insert(host));
        for step in &self.journey.steps {
            if let Some(host) = host(&step.step, variables) {
                allowed.insert(&host);
            }
            if let Step::Http(step) = &step.step
                && let Some(proxy) = &step.proxy
            {
                allowed.insert(&proxy.host);
            }
        }
        allowed
    }
}

/// Stands for a captured value while looking for hosts that the plan itself names. No host name may hold it.
const CAPTURED: &str = "x--captured--x";

/// The host that a step's load falls on, for the schedule's bounds: a DNS step asks its server, or else whoever serves
/// the name that it asks for.
fn aimed_at(step: &Step, variables: &Variables<'_>) -> Option<String> {
    match step {
        Step::Dns(step) => match step.servers.first() {
            Some(server) => Some(server.ip().to_string()),
            None => Some(variables.fill_planned(&step.name, CAPTURED)),
        },
        other => host(other, variables),
    }
}

/// The host that a step names without help of a response.
fn host(step: &Step, variables: &Variables<'_>) -> Option<String> {
    let filled = |template: &Template| Some(variables.fill_planned(template, CAPTURED));
    let host = match step {
        Step::Http(step) => match &step.target {
            Target::Url(url) => Url::parse(&filled(url)?).ok()?.host_str().map(str::to_owned),
            Target::FirstLink(_) => None,
        },
        Step::Dns(_) => None,
        Step::Tcp(step) => filled(&step.host),
        Step::Tls(step) => filled(&step.host),
        Step::Smtp(step) => filled(&step.host),
        Step::Ping(step) => filled(&step.host),
    };
    host.filter(|host| !host.contains(CAPTURED))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use candor_core::model::{JourneyStep, TcpStep};
    use candor_core::template::Piece;

    use super::*;

    fn prepared(host: &[Piece]) -> Prepared {
        let step = TcpStep { host: Template(host.to_vec()), port: 1, tls: None, within: None };
        let step = JourneyStep {
            step: Step::Tcp(step),
            when: StepWhen::Passing,
            timeout: Duration::from_secs(1),
            resolve: Resolve::Inherit,
        };
        let (allow_hosts, variables) = (BTreeSet::new(), BTreeMap::new());
        let journey =
            Arc::new(Journey { steps: vec![step], allow_hosts, variables: variables.clone(), writes: false });
        let (deadline, every) = (Duration::from_secs(1), Duration::from_secs(10));
        let (redactor, routes) = (Arc::default(), Vec::new());
        Prepared { journey, variables, deadline, every, redactor, routes, allowed: None }.with_hosts()
    }

    #[test]
    fn a_host_that_holds_the_number_of_the_run_is_found_for_each_run() {
        let [hole, text] = [Piece::Hole("run".to_owned()), Piece::Text(".example".to_owned())];
        for (host, seven) in [(&[hole, text.clone()][..], "7.example"), (&[text][..], ".example")] {
            let prepared = prepared(host);
            let of = |run: &str| prepared.allowed(&prepared.variables(run.to_owned()));
            assert!(of("7").contains(seven));
            assert_eq!(of("8").contains(seven), seven == ".example");
        }
    }
}
