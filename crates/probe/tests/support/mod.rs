//! What journeys in tests run against: plans made in a line, servers of our own that misbehave, nginx, certificates.

pub(crate) mod certificates;
pub(crate) mod nginx;
pub(crate) mod plan;
pub(crate) mod stub;
