//! A network of addresses: a prefix of IPv4 or IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A prefix, `192.0.2.0/24`; an address alone is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: write 192.0.2.0/24, 2001:db8::/32, or an address")]
pub struct NetworkError(String);

impl Network {
    /// The network around an address, as far as routing on the internet tells them apart: /24 of IPv4, /48 of IPv6.
    #[must_use]
    pub fn around(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(four) => Self { base: Ipv4Addr::from_bits(four.to_bits() & !0xff).into(), bits: 24 },
            IpAddr::V6(six) => Self { base: Ipv6Addr::from_bits(six.to_bits() >> 80 << 80).into(), bits: 48 },
        }
    }

    /// Whether the address lies in it; an IPv4 address in IPv6 form is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (address.to_canonical(), self.base) {
            (IpAddr::V4(address), IpAddr::V4(base)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                address.to_bits() & mask == base.to_bits() & mask
            }
            (IpAddr::V6(address), IpAddr::V6(base)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                address.to_bits() & mask == base.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let none = || NetworkError(text.chars().take(100).collect());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let base: IpAddr = address.parse().map_err(|_| none())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| none())?;
        if bits <= most { Ok(Self { base, bits }) } else { Err(none()) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.base, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_its_24_or_its_48() {
        for (address, prefix) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            let network = Network::around(address);
            assert_eq!(network.to_string(), prefix);
            assert!(network.contains(address));
            assert_eq!(prefix.parse(), Ok(network));
        }
    }
}
