//! Requests signed right and wrong, and what the RFC says that they are answered (RFC 8945, section 5.2).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::sync::Arc;

use candor_names::ServeOptions;
use domain::base::iana::{Rcode, TsigRcode};
use domain::base::name::ParsedName;
use domain::base::{Message, MessageBuilder, Rtype};
use domain::rdata::tsig::{Time48, Tsig};
use domain::tsig::{Algorithm, ClientTransaction, Key};
use support::foreign::{free, key};
use support::{LOOPBACK, Ours, SHOP, zone};
use tokio::net::UdpSocket;

const SECRET: &[u8] = b"the secret of these tests alone!";

fn named(name: &str, secret: &[u8]) -> Arc<Key> {
    Arc::new(Key::new(Algorithm::Sha256, secret, name.parse().unwrap(), None, None).unwrap())
}

/// A signed query, as of this time.
fn query(name: &str, key: Arc<Key>, at: u64) -> (Vec<u8>, ClientTransaction<Arc<Key>>) {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(77);
    let mut builder = builder.question();
    let name: domain::base::Name<Vec<u8>> = name.parse().unwrap();
    builder.push((name, Rtype::TXT)).unwrap();
    let mut builder = builder.additional();
    let transaction = ClientTransaction::request(key, &mut builder, Time48::from_u64(at)).unwrap();
    (builder.finish(), transaction)
}

fn now() -> u64 {
    Time48::now().into()
}

async fn server() -> Ours {
    let many: String =
        (0..40).map(|n| format!("many.shop.example. 60 IN TXT \"a text that is number {n}\"\n")).collect();
    let settings = ServeOptions { keys: vec![key()], ..ServeOptions::default() };
    Ours::start_with(free(), vec![zone(&format!("{SHOP}\n{many}"))], settings).await
}

async fn sent(server: &Ours, packet: &[u8]) -> Message<Vec<u8>> {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.connect(server.address).await.unwrap();
    socket.send(packet).await.unwrap();
    let mut buffer = vec![0; 4096];
    let size = socket.recv(&mut buffer).await.unwrap();
    buffer.truncate(size);
    Message::from_octets(buffer).unwrap()
}

/// The error in the TSIG record, whether the record has a signature, and the server's time if it says it.
fn tsig(message: &Message<Vec<u8>>) -> Option<(TsigRcode, bool, bool)> {
    let record = message.additional().unwrap().last()?.unwrap();
    let record = record.to_record::<Tsig<&[u8], ParsedName<&[u8]>>>().unwrap()?;
    let found = record.data();
    Some((found.error(), !found.mac().is_empty(), found.other_time().is_some()))
}

#[tokio::test]
async fn a_signed_query_has_a_signed_answer_also_where_it_is_truncated() {
    let server = server().await;
    for (name, truncated) in [("shop.example", false), ("many.shop.example", true)] {
        let (packet, transaction) = query(name, named("xfr.example", SECRET), now());
        let mut answer = sent(&server, &packet).await;
        assert_eq!((answer.header().rcode(), answer.header().tc()), (Rcode::NOERROR, truncated), "{name}");
        assert!(answer.as_slice().len() <= 512);
        transaction.answer(&mut answer, Time48::now()).unwrap();
    }
}

#[tokio::test]
async fn a_key_that_nobody_shares_is_badkey() {
    let server = server().await;
    let (packet, _) = query("shop.example", named("other.example", SECRET), now());
    let answer = sent(&server, &packet).await;
    assert_eq!(answer.header().rcode(), Rcode::NOTAUTH);
    assert_eq!(tsig(&answer), Some((TsigRcode::BADKEY, false, false)));
}

#[tokio::test]
async fn another_secret_is_badsig() {
    let server = server().await;
    let (packet, _) = query("shop.example", named("xfr.example", b"another secret, as long as that!"), now());
    let answer = sent(&server, &packet).await;
    assert_eq!(answer.header().rcode(), Rcode::NOTAUTH);
    assert_eq!(tsig(&answer), Some((TsigRcode::BADSIG, false, false)));
    assert_eq!((answer.header().id(), answer.header().qr()), (77, true));
}

#[tokio::test]
async fn another_time_is_badtime_signed_and_with_ours() {
    let server = server().await;
    for at in [now() - 1000, now() + 1000] {
        let (packet, _) = query("shop.example", named("xfr.example", SECRET), at);
        let answer = sent(&server, &packet).await;
        assert_eq!(answer.header().rcode(), Rcode::NOTAUTH);
        assert_eq!(tsig(&answer), Some((TsigRcode::BADTIME, true, true)));
    }
}

#[tokio::test]
async fn what_was_changed_on_its_way_is_badsig() {
    let server = server().await;
    let (mut packet, _) = query("shop.example", named("xfr.example", SECRET), now());
    packet[13] = b'x';
    assert_eq!(tsig(&sent(&server, &packet).await), Some((TsigRcode::BADSIG, false, false)));
}

#[tokio::test]
async fn a_signature_that_is_not_the_last_record_is_malformed() {
    let server = server().await;
    let (mut packet, _) = query("shop.example", named("xfr.example", SECRET), now());
    packet[11] += 1;
    packet.extend_from_slice(&[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);
    let answer = sent(&server, &packet).await;
    assert_eq!((answer.header().rcode(), tsig(&answer)), (Rcode::FORMERR, None));
}
