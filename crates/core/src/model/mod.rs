//! The resolved plan: services, places, vantages and journeys as data.
//!
//! `config` makes it from what the user wrote; it is immutable from then on. Every default has been filled in:
//! an `Option` here says that a thing does not exist, never that somebody forgot to say.

pub mod hosts;
mod journey;
mod place;
mod plan;
mod policy;
mod step;

pub use journey::{Journey, JourneyStep, StepWhen};
pub use place::{Anchor, Place, Resolve, ServerAddress, Vantage};
pub use plan::{
    Capability, Cell, Check, Keep, LedgerPlace, Maintenance, Operate, Page, Plan, RuleWeight, Service,
    ShowFaults, WatchedZone, When, ZoneLimits,
};
pub use policy::{Confirm, Degraded, FailingOf, Policy, Quorum};
pub use step::{
    Body, Capture, CaptureFrom, DnsExpect, DnsStep, Flag, HttpExpect, HttpStep, HttpVersion, JsonMatch,
    JsonTemplate, Method, PingStep, Proxy, SizeMatch, SmtpStep, StartTls, StatusRange, Step, Target, TcpStep,
    TextMatch, TlsClient, TlsExpect, TlsStep,
};
