//! The reference estate: a small real shop that others can watch and break. It knows nothing of who watches.
//!
//! # What it is
//! Processes of one binary, one for each role, which find each other only by name through the estate's own name
//! servers, each the copy of its region ([`layout`]), each with an address of its own in `127.77.N.0/24` and its own SQLite file where it stores. A store has an
//! address besides for each of up to 41 places:
//!
//! | role | names in `shop.example` | what it does |
//! |---|---|---|
//! | `dns` | `ns1` | the primary name server, from a zone file |
//! | `dns-west` | `ns2` | a copy of the zone (NOTIFY, IXFR, TSIG), which the west asks |
//! | `dns-east` | `ns3` | the same for the east |
//! | `dns-in` | `ns4` | the same for India |
//! | `dns-outside` | `ns` | the name server of `outside.example`, where `status` and `social` live apart |
//! | `apps` | `apps`, `{place}.apps` | the store of apps: front pages, search and item pages of each place |
//! | `macapps` | `macapps`, `{place}.macapps` | the same for apps for the desk |
//! | `music` | `music`, `{place}.music` | the same for music, films and series |
//! | `books` | `books`, `{place}.books` | the same for books |
//! | `details` | `details.internal` | knows what item pages tell beside what the charts tell |
//! | `identity` | `id`, `id.internal` | signs customers in, says whose token it is |
//! | `commerce` | `buy`, `buy.internal` | carts, orders (each once by its key), in-app purchases, receipts, refunds |
//! | `delivery` | `cdn`, `cdn.internal` | hands out files to those who bought them |
//! | `mail` | `mail`, `mail.internal` | takes letters in by SMTP at `mx`, keeps them, shows them to who signed in |
//! | `documents` | `docs`, `docs.internal` | keeps documents with their versions, for who signed in |
//! | `support` | `support`, `support.internal` | tickets of customers, answers of the desk |
//! | `social` | `social` | a public timeline, as pages, JSON and RSS; it needs nobody |
//! | `status` | `status` | the shop's own status page, set by hand, which can be wrong |
//! | `connect` | `connect`, `connect.internal` | developers upload builds, and see their sales |
//! | `testflight` | `testflight`, `testflight.internal` | invited testers install builds that `connect` holds |
//! | `customers` | `customers` | a seeded crowd that browses, buys, downloads and complains, once a pace is set |
//!
//! No request of a role is answered by pretence: levers take a name out of the zone, kill a process, stop a disk,
//! close a listener; what customers then meet follows from that.
//!
//! # How to run it
//! `candor-estate up` alone, or `candor demo` with Candor watching. From code: [`Estate::start`], [`Estate::urls`],
//! [`Estate::pull`], [`Estate::mend`], [`Estate::stop`]; for people, [`Board::open`] is a page of the levers.
//! A process that calls [`Estate::start`] must be able to run roles: its binary passes the words after
//! `EstateOptions::lead` to [`RoleArgs::from_words`] and [`run_role`].
//!
//! # The house
//! * [`place`], [`catalogue`], [`layout`]: data: what is sold where, who listens where under which name; [`zone`]: the names.
//! * [`role`]: the processes. `http`, `download`: what they share.
//! * [`levers`]: what can be broken, one file each, as data. [`day`]: a day made of them.
//! * [`estate`]: starts, watches, breaks, mends and stops the processes.
//! * [`board`]: the page of levers, its JSON, and a client of it.
//!
//! # Failure policy
//! What a role reads is bounded in size and time; a bad request gets a 4xx with a sentence; a missing dependency
//! gets a 503 in two seconds. A role ends when whoever started it ends. The estate leaves no process and no file.
//!
//! # Absent
//! Money, more than one host, TLS but for `account` and for storefronts that are asked to have it. Systems that have only 127.0.0.1 (macOS) need aliases on their loopback
//! interface first; the estate says which.

pub mod board;
pub mod catalogue;
pub mod day;
mod download;
pub mod estate;
mod http;
pub mod layout;
pub mod levers;
pub mod place;
pub mod role;
pub mod zone;

pub use board::{Board, BoardError, BoardOptions};
pub use estate::{Estate, EstateError, EstateOptions, Urls};
pub use layout::Region;
pub use role::{
    DESK_PASSWORD, DESK_USER, DEVELOPER_PASSWORD, DEVELOPER_USER, PROBE_PASSWORD, PROBE_SHA256, PROBE_SIZE,
    PROBE_USER, Role, RoleArgs, RoleError, STATUS_KEY, SUPPORT_AUTHOR, SUPPORT_KEY, ServedPage, run_role,
};
pub use zone::ZoneEdit;
