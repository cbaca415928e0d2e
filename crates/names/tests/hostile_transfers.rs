//! A primary that sends what it must not: the copy keeps the zone that it has, says so, and takes the next good one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use candor_names::{Key, Peer, Secondary, ServeOptions, Zone};
use domain::base::iana::Rcode;
use domain::base::message_builder::AdditionalBuilder;
use domain::base::{Message, MessageBuilder};
use domain::rdata::tsig::Time48;
use domain::tsig::{Algorithm, ServerSequence};
use domain::zonefile::inplace::{Entry, Zonefile};
use support::foreign::{free, key};
use support::{LOOPBACK, Ours, until, zone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const GOOD: [&str; 4] = [
    "z.example. 60 IN SOA ns.z.example. h.z.example. 1 3600 600 86400 60",
    "z.example. 60 IN NS ns.z.example.",
    "ns.z.example. 60 IN A 192.0.2.1",
    "z.example. 60 IN SOA ns.z.example. h.z.example. 1 3600 600 86400 60",
];

/// The good zone with another serial.
fn good(serial: u32) -> Vec<String> {
    GOOD.iter().map(|line| line.replace(" 1 3600", &format!(" {serial} 3600"))).collect()
}

fn good_zone(serial: u32) -> Zone {
    zone(&good(serial)[..3].join("\n"))
}

/// What the primary does with a request: messages, each with its length before it, then it closes.
type Script = Box<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send>;

/// A primary that follows whatever script it has at the moment.
struct Scripted {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    async fn start() -> Self {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_| Vec::new())));
        let follows = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Ok(size) = stream.read_u16().await else { continue };
                let mut query = vec![0; usize::from(size)];
                stream.read_exact(&mut query).await.unwrap();
                let messages = follows.lock().unwrap()(&query);
                for message in messages {
                    let mut framed = u16::try_from(message.len()).unwrap().to_be_bytes().to_vec();
                    framed.extend_from_slice(&message);
                    if stream.write_all(&framed).await.is_err() {
                        break;
                    }
                }
            }
        });
        Self { address, script }
    }

    fn does(&self, script: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }
}

fn built(query: &[u8], lines: &[String]) -> AdditionalBuilder<Vec<u8>> {
    let query = Message::from_octets(query.to_vec()).unwrap();
    let mut answer = MessageBuilder::new_vec().start_answer(&query, Rcode::NOERROR).unwrap();
    let mut file = Zonefile::from(lines.join("\n").as_str());
    file.extend_from_slice(b"\n");
    while let Some(Entry::Record(record)) = file.next_entry().unwrap() {
        answer.push(record).unwrap();
    }
    answer.additional()
}

fn message(query: &[u8], lines: &[String]) -> Vec<u8> {
    built(query, lines).finish()
}

fn changed(lines: Vec<String>, at: usize, line: &str) -> Vec<String> {
    let mut lines = lines;
    lines.insert(at, line.to_owned());
    lines
}

/// A copy that has version 1 from the scripted primary.
async fn copy_of(primary: &Scripted, key: Option<Key>) -> Ours {
    let primaries = vec![Peer { address: primary.address, key }];
    let secondaries = vec![Secondary { zone: "z.example".into(), primaries }];
    let settings = ServeOptions { secondaries, ..ServeOptions::default() };
    let copy = Ours::start_with(free(), Vec::new(), settings).await;
    until("the first version arrives", async || copy.handle.serials("z.example") == [1]).await;
    copy
}

fn failures(copy: &Ours) -> u64 {
    let text = copy.handle.metrics();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("candor_dns_transfers_fetched_total{result=\"failed\"} "));
    line.unwrap().parse().unwrap()
}

/// NOTIFY without a serial: the copy looks.
async fn ring(copy: &Ours) {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let mut packet = vec![0, 3, 4 << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    packet.extend_from_slice(b"\x01z\x07example\x00\x00\x06\x00\x01");
    socket.send_to(&packet, copy.address).await.unwrap();
    let mut answer = [0; 512];
    socket.recv(&mut answer).await.unwrap();
    assert_eq!((answer[3] & 15, answer[2] >> 3 & 15), (0, 4), "NOTIFY is taken");
}

/// The bad transfer is tried and leaves the old zone; the good one after it is taken.
async fn survives(what: &str, bad: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) {
    let primary = Scripted::start().await;
    primary.does(|query| vec![message(query, &good(1))]);
    let copy = copy_of(&primary, None).await;
    let before = failures(&copy);
    primary.does(bad);
    ring(&copy).await;
    until(&format!("{what}: it is tried"), async || failures(&copy) > before).await;
    assert_eq!(copy.handle.zone("z.example", None), Some(good_zone(1)), "{what}");
    primary.does(|query| vec![message(query, &good(2))]);
    ring(&copy).await;
    until(&format!("{what}: the good version is taken"), async || {
        copy.handle.zone("z.example", None) == Some(good_zone(2))
    })
    .await;
}

/// All the records in one message.
async fn survives_records(what: &str, lines: Vec<String>) {
    survives(what, move |query| vec![message(query, &lines)]).await;
}

#[tokio::test]
async fn a_transfer_of_another_zone_leaves_the_old_one() {
    let other = good(2).iter().map(|line| line.replace("z.example", "y.example")).collect();
    survives_records("another zone", other).await;
}

#[tokio::test]
async fn a_transfer_that_ends_with_another_soa_leaves_the_old_one() {
    let mut lines = good(2);
    lines[3] = GOOD[0].replace(" 1 3600", " 3 3600");
    survives_records("another last SOA", lines).await;
}

#[tokio::test]
async fn a_transfer_that_is_cut_short_leaves_the_old_one() {
    survives_records("no last SOA", good(2)[..3].to_vec()).await;
    survives("half a message", |query| {
        let whole = message(query, &good(2));
        vec![whole[..whole.len() - 9].to_vec()]
    })
    .await;
}

#[tokio::test]
async fn a_transfer_with_what_is_no_part_of_the_zone_leaves_the_old_one() {
    survives_records("outside", changed(good(2), 2, "www.y.example. 60 IN A 192.0.2.9")).await;
    survives_records(
        "a second SOA below",
        changed(good(2), 2, &GOOD[0].replacen("z.example.", "a.z.example.", 1)),
    )
    .await;
    survives_records(
        "an alias beside an address",
        changed(good(2), 2, "ns.z.example. 60 IN CNAME z.example."),
    )
    .await;
    survives_records("no name server", vec![good(2)[0].clone(), good(2)[2].clone(), good(2)[3].clone()])
        .await;
    survives_records("more after the end", changed(good(2), 4, "a.z.example. 60 IN A 192.0.2.9")).await;
}

#[tokio::test]
async fn a_difference_that_does_not_fit_leaves_the_old_zone() {
    let soa = |serial: u32| good(serial)[0].clone();
    let gone = "absent.z.example. 60 IN A 192.0.2.9".to_owned();
    survives_records("what is removed is not there", vec![soa(2), soa(1), gone.clone(), soa(2), soa(2)])
        .await;
    survives_records("another base", vec![soa(2), soa(7), soa(2), gone.clone(), soa(2)]).await;
    survives_records("it leads back", vec![soa(2), soa(1), soa(1), soa(2)]).await;
    let skips = vec![soa(3), soa(1), soa(2), gone, soa(7), soa(3), soa(3)];
    survives_records("it skips", skips).await;
}

#[tokio::test]
async fn messages_that_are_no_answer_leave_the_old_zone() {
    survives("nonsense", |_| vec![vec![0xff; 40]]).await;
    survives("a header alone", |query| vec![[&query[..2], &[0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0][..]].concat()])
        .await;
    survives("another id", |query| {
        let mut bytes = message(query, &good(2));
        bytes[0] ^= 1;
        vec![bytes]
    })
    .await;
    survives("refused", |query| {
        let mut bytes = message(query, &[]);
        bytes[3] = 5;
        vec![bytes]
    })
    .await;
    survives("another class", |query| {
        let mut bytes = message(query, &good(2));
        // The class of the first record, after the question.
        let at = query.len().min(12 + 15) + 2 + 11 - 1;
        bytes[at + 1] = 3;
        vec![bytes]
    })
    .await;
}

/// The good zone of a serial, signed with a key of that name and secret.
fn signed(query: &[u8], serial: u32, secret: &[u8]) -> Vec<u8> {
    let name = "xfr.example".parse().unwrap();
    let theirs = Arc::new(domain::tsig::Key::new(Algorithm::Sha256, secret, name, None, None).unwrap());
    // Signed over the request as if it had come with this key.
    let mut asked = Message::from_octets(query.to_vec()).unwrap();
    let sequence = ServerSequence::request(&theirs, &mut asked, Time48::now());
    let mut builder = built(query, &good(serial));
    match sequence {
        Ok(Some(mut sequence)) => sequence.answer(&mut builder, Time48::now()).unwrap(),
        // It cannot sign an answer to what it cannot read: it signs something.
        _ => drop(domain::tsig::ClientTransaction::request(theirs, &mut builder, Time48::now()).unwrap()),
    }
    builder.finish()
}

#[tokio::test]
async fn an_answer_that_is_not_signed_or_with_another_secret_is_not_taken() {
    let secret = b"the secret of these tests alone!";
    let primary = Scripted::start().await;
    primary.does(move |query| vec![signed(query, 1, secret)]);
    let copy = copy_of(&primary, Some(key())).await;
    let refused: [Script; 3] = [
        Box::new(|query| vec![message(query, &good(2))]),
        Box::new(|query| vec![signed(query, 2, b"another secret, as long as that!")]),
        Box::new(|query| {
            let mut bytes = signed(query, 2, b"the secret of these tests alone!");
            let at = bytes.windows(4).position(|part| part == [192, 0, 2, 1]).unwrap();
            bytes[at + 3] = 66;
            vec![bytes]
        }),
    ];
    for (at, script) in refused.into_iter().enumerate() {
        let before = failures(&copy);
        primary.does(script);
        // The copy demands a signature of NOTIFY as well: its own timers make it look here.
        copy_looks(&copy).await;
        until("it is tried", async || failures(&copy) > before).await;
        assert_eq!(copy.handle.zone("z.example", None), Some(good_zone(1)), "{at}");
    }
}

/// NOTIFY, signed with the key.
async fn copy_looks(copy: &Ours) {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_opcode(domain::base::iana::Opcode::NOTIFY);
    let mut builder = builder.question();
    let apex: domain::base::Name<Vec<u8>> = "z.example".parse().unwrap();
    builder.push((apex, domain::base::Rtype::SOA)).unwrap();
    let mut builder = builder.additional();
    domain::tsig::ClientTransaction::request(key(), &mut builder, Time48::now()).unwrap();
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.send_to(&builder.finish(), copy.address).await.unwrap();
    let mut answer = [0; 512];
    socket.recv(&mut answer).await.unwrap();
    assert_eq!(answer[3] & 15, 0, "NOTIFY is taken");
}

#[tokio::test]
async fn notify_from_elsewhere_or_unsigned_where_a_key_is_shared_is_refused() {
    let primary = Scripted::start().await;
    primary.does(move |query| vec![signed(query, 1, b"the secret of these tests alone!")]);
    let copy = copy_of(&primary, Some(key())).await;
    let mut packet = vec![0, 3, 4 << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    packet.extend_from_slice(b"\x01z\x07example\x00\x00\x06\x00\x01");
    let open = Scripted::start().await;
    open.does(|query| vec![message(query, &good(1))]);
    let without_key = copy_of(&open, None).await;
    for (copy, from, rcode) in [
        (&copy, "127.0.0.1:0", 5),
        (&copy, "127.0.0.9:0", 5),
        (&without_key, "127.0.0.1:0", 0),
        (&without_key, "127.0.0.9:0", 5),
    ] {
        let socket = UdpSocket::bind(from).await.unwrap();
        socket.send_to(&packet, copy.address).await.unwrap();
        let mut answer = [0; 512];
        socket.recv(&mut answer).await.unwrap();
        assert_eq!(answer[3] & 15, rcode, "{from}");
    }
}
