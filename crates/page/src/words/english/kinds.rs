//! Faults in a customer's words: each a clause that fits after a colon and accuses nobody.

use candor_core::fault::{Act, Kind};

pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::DnsNxdomain => "its name cannot be found",
        Kind::DnsNodata => "its name leads to no address",
        Kind::DnsServfail => "looking up its name fails",
        Kind::DnsRefused => "looking up its name is refused",
        Kind::DnsTimeout => "looking up its name gets no answer",
        Kind::DnsLame => "its name is entrusted to a server that does not know it",
        Kind::DnsBogus => "the answer for its name fails its security check",
        Kind::DnsWrongAnswer => "its name leads to the wrong address",
        Kind::DnsDisagreement => "the servers that look after its name disagree",
        Kind::DnsAliasBroken => "its name points to another that leads nowhere",
        Kind::ConnectRefused => "nobody answers at its address",
        Kind::ConnectTimeout => "its address does not respond",
        Kind::ConnectUnreachable => "its address cannot be reached",
        Kind::ConnectReset => "connections are cut off",
        Kind::TlsExpired => "its security certificate has run out or is about to",
        Kind::TlsWrongName => "its security certificate is for another name",
        Kind::TlsUntrusted => "its security certificate is not trusted",
        Kind::TlsHandshake => "no secure connection can be made",
        Kind::HttpStatus => "it answers with an error",
        Kind::HttpRedirectLoop => "it sends visitors round in circles",
        Kind::HttpMalformed => "its answers make no sense",
        Kind::ContentAssertion => "what comes is not what should come",
        Kind::ContentApologyPage => "an apology page comes instead",
        Kind::ContentMissingCapture => "a part that is needed to go on is missing",
        Kind::TransferStalled => "transfers start and then stop",
        Kind::TransferTruncated => "transfers break off before the end",
        Kind::TransferTooSlow => "transfers are too slow",
        Kind::DeadlineExceeded => "it takes too long",
        Kind::VantageHung => "our own check hung",
        Kind::VantageUnable => "our own probe is unable to measure",
        Kind::VantageBlind => "our own probe is cut off from the network",
        Kind::VantageConfig => "our own check is not set up right",
    }
}

pub(super) const fn act(act: Act) -> &'static str {
    match act {
        Act::Service => "those who run the service",
        Act::ZoneOwner => "those who publish the DNS zone",
        Act::Registrar => "the registrar or the parent zone",
        Act::Resolver => "those who run the DNS resolver",
        Act::Network => "those who run the network between",
        Act::Us => "those who run Candor",
        Act::Config => "those who wrote Candor’s configuration",
    }
}
