//! `ping`: an ICMP echo.

use std::time::Duration;

use candor_core::model::{PingStep, Step};

use super::tcp::{WITHIN_ONLY, within};
use super::{COMMON, Scope, address};
use crate::field::{Field, Map, Section, Shape};
use crate::reader::Given;

pub(crate) static PING: Section = Section {
    name: "step ping",
    doc: "An ICMP echo (RFC 792, 4443), where the host's privileges allow it.",
    groups: &[
        &[
            Field::new("ping", Shape::Written("host"), "Whom.").required().example("router.shop.example"),
            Field::new("expect", Shape::Map(&WITHIN_ONLY), "What must hold."),
        ],
        COMMON,
    ],
};

pub(crate) fn read(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let host = map.get("ping").and_then(|n| address::host_of(scope, n, scope.reader.text(n)?));
    let within = within(scope, map);
    Some((Step::Ping(PingStep { host: host?, within: within.map(|g| g.value) }), within))
}
