//! Echo messages as bytes (RFC 792, RFC 4443 section 4): made, and recognised.
//!
//! A datagram socket fills in the identifier and the checksum and shows us our own answers only; a raw one shows us
//! every ICMP message of the host, over IPv4 with the IP header before it. In both cases the token decides.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Bytes of randomness by which an answer is known.
const TOKEN: usize = 16;

const HEADER: usize = 8;

/// The echoes of one step.
#[derive(Debug)]
pub(super) struct Echo {
    v6: bool,
    raw: bool,
    token: [u8; TOKEN],
    next: u16,
}

/// What nobody else will have sent.
pub(super) fn token() -> [u8; TOKEN] {
    // Each `RandomState` has keys of its own, drawn from the system's randomness.
    let [first, second] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    ((u128::from(first) << 64) | u128::from(second)).to_be_bytes()
}

impl Echo {
    pub(super) fn new(v6: bool, raw: bool, token: [u8; TOKEN]) -> Self {
        Self { v6, raw, token, next: 0 }
    }

    /// The next request; the first has sequence 0.
    pub(super) fn next_request(&mut self) -> Vec<u8> {
        let [high, low] = self.next.to_be_bytes();
        let [a, b, ..] = self.token;
        self.next = self.next.wrapping_add(1);
        let mut packet = vec![if self.v6 { 128 } else { 8 }, 0, 0, 0, a, b, high, low];
        packet.extend_from_slice(&self.token);
        // Over IPv6 the checksum covers addresses too, and the kernel fills it in (RFC 3542, section 3.1).
        if !self.v6 {
            let [high, low] = checksum(&packet).to_be_bytes();
            if let [_, _, first, second, ..] = packet.as_mut_slice() {
                (*first, *second) = (high, low);
            }
        }
        packet
    }

    /// The sequence of the request that this packet answers, if it answers one of ours.
    pub(super) fn answered(&self, packet: &[u8]) -> Option<u16> {
        let message = if self.raw && !self.v6 { after_ip_header(packet)? } else { packet };
        let (header, payload) = message.split_at_checked(HEADER)?;
        let &[kind, 0, _, _, _, _, high, low] = header else { return None };
        let reply = if self.v6 { 129 } else { 0 };
        (kind == reply && payload == self.token).then(|| u16::from_be_bytes([high, low]))
    }
}

fn after_ip_header(packet: &[u8]) -> Option<&[u8]> {
    let words = usize::from(packet.first()? & 0x0f);
    packet.get(words * 4..)
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_its_checksum_sums_to_nothing() {
        assert_eq!(checksum(&Echo::new(false, false, [7; TOKEN]).next_request()), 0);
    }

    #[test]
    fn only_an_answer_with_our_token_counts() {
        let mut echo = Echo::new(false, true, [7; TOKEN]);
        let (_, second) = (echo.next_request(), echo.next_request());
        let mut packet = vec![0x45; 20];
        packet.extend_from_slice(&second);
        assert_eq!(echo.answered(&packet), None, "our own request, as a raw socket on loopback sees it");
        packet[20] = 0;
        assert_eq!(echo.answered(&packet), Some(1));
        packet[30] ^= 1;
        assert_eq!(echo.answered(&packet), None, "another's token");
        for cut in 0..packet.len() {
            assert_eq!(echo.answered(&packet[..cut]), None);
        }
    }
}
