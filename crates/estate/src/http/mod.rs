//! HTTP as the roles speak it: doors that can be closed, answers that say what was wrong, and a client that finds
//! others by name.

mod client;
mod door;
mod problem;
mod shell;
mod site;
mod tls;

pub(crate) use client::{Answer, Call, CallError, Finder, exchange};
pub(crate) use door::Door;
pub(crate) use problem::{Json, Problem, bearer};
pub(crate) use shell::{asset, shell};
pub(crate) use site::{Manner, Sent, page, site};
pub(crate) use tls::{Certified, certificate_file, key_file};
