//! Records, response codes and header flags as plain values; the library's own types stay inside this crate.

use std::fmt;

use domain::base::iana::OptRcode;

/// One resource record in presentation form (RFC 1035, section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record {
    /// Owner name, absolute, with its last dot.
    pub name: String,
    /// Class: `IN`.
    pub class: String,
    /// Time to live in seconds.
    pub ttl: u32,
    /// Type by its mnemonic, or `TYPE65280`.
    pub rtype: String,
    /// Data: `10 mx1.shop.example.`; of an unknown type `\# 2 ABCD` (RFC 3597).
    pub data: String,
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {} {} {}", self.name, self.ttl, self.class, self.rtype, self.data)
    }
}

/// A response code with its extended bits (RFC 6895, section 2.3); displayed by its mnemonic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Rcode(pub u16);

impl Rcode {
    /// No error.
    pub const NOERROR: Self = Self(0);
    /// The server could not read the question.
    pub const FORMERR: Self = Self(1);
    /// The server failed.
    pub const SERVFAIL: Self = Self(2);
    /// The name does not exist.
    pub const NXDOMAIN: Self = Self(3);
    /// The server does not know this kind of request.
    pub const NOTIMP: Self = Self(4);
    /// The server does not want to answer.
    pub const REFUSED: Self = Self(5);
    /// A name made by a DNAME is too long (RFC 6672, section 2.2).
    pub const YXDOMAIN: Self = Self(6);
    /// The server does not know this version of EDNS (RFC 6891, section 6.1.3).
    pub const BADVERS: Self = Self(16);
}

impl fmt::Display for Rcode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::BADVERS {
            return out.write_str("BADVERS");
        }
        match OptRcode::masked_from_int(self.0).to_mnemonic() {
            Some(mnemonic) => out.write_str(&String::from_utf8_lossy(mnemonic)),
            None => write!(out, "RCODE{}", self.0),
        }
    }
}

/// Flags of a response's header (RFC 1035, section 4.1.1; RFC 4035, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Authoritative answer.
    pub aa: bool,
    /// Authentic data.
    pub ad: bool,
    /// Recursion available.
    pub ra: bool,
    /// Truncated.
    pub tc: bool,
    /// Recursion desired.
    pub rd: bool,
    /// Checking disabled.
    pub cd: bool,
}
