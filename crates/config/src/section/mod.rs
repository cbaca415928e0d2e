//! The sections of the language, one module each: the table of its fields, then what reads them.
//!
//! In reading order: `root` (the whole), `page`, `place`, `vantage` and `resolve`, `policy`, `service`, `capability`,
//! `relation` (what must hold between sections), `names` and `zone_limits`, `maintenance`, `keep`.

pub(crate) mod capability;
pub(crate) mod keep;
pub(crate) mod maintenance;
pub(crate) mod names;
pub(crate) mod page;
pub(crate) mod place;
pub(crate) mod policy;
pub(crate) mod relation;
pub(crate) mod resolve;
pub(crate) mod root;
pub(crate) mod service;
pub(crate) mod vantage;
pub(crate) mod zone_limits;
