#![no_std]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod cause;
pub mod engine;
pub mod entry;
mod expired;
pub mod fault;
pub mod finding;
pub mod id;
pub mod incident;
pub mod model;
pub mod observation;
pub mod saying;
pub mod template;
pub mod verdict;
pub mod view;
pub mod way;

pub use jiff::Timestamp;
