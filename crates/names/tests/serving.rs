//! The server beside what clients do to it: sizes, pipelines, nonsense, and zones switched while it runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use candor_names::{
    AskOptions, FileServer, Rcode, Server, Transport, TransportUsed, ask_each, authorities_at, serve_files,
};
use proptest::prelude::*;
use support::{LOOPBACK, Ours, SHOP, asked, lines, options, over, question, zone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

/// A query for `www.shop.example A` under this id.
fn query(id: u8) -> Vec<u8> {
    let mut bytes = vec![0, id, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(b"\x03www\x04shop\x07example\x00\x00\x01\x00\x01");
    bytes
}

const OPT: [u8; 11] = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0];

/// A connection from this address.
async fn from(client: [u8; 4], server: &Ours) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((client, 0))).unwrap();
    socket.connect(server.address).await.unwrap()
}

async fn raw(server: &Ours, packet: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.connect(server.address).await.unwrap();
    socket.send(packet).await.unwrap();
    let mut buffer = vec![0; 4096];
    let size =
        tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.unwrap().unwrap();
    buffer.truncate(size);
    buffer
}

/// The response code of the header.
async fn rcode_for(server: &Ours, packet: &[u8]) -> u8 {
    raw(server, packet).await[3] & 0x0F
}

fn changed(packet: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = packet.to_vec();
    change(&mut packet);
    packet
}

#[tokio::test]
async fn each_malformed_or_foreign_request_has_its_response_code() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let plain = query(1);
    let with_opt = changed(&plain, |bytes| {
        bytes[11] = 1;
        bytes.extend_from_slice(&OPT);
    });
    let cases: Vec<(&str, Vec<u8>, u8)> = vec![
        ("as it should be", plain.clone(), 0),
        ("with EDNS", with_opt.clone(), 0),
        ("header alone", plain[..12].to_vec(), 1),
        ("no question", changed(&plain[..12], |bytes| bytes[5] = 0), 1),
        ("two questions", changed(&plain, |bytes| bytes[5] = 2), 1),
        ("cut inside the name", plain[..20].to_vec(), 1),
        ("bytes after the end", changed(&plain, |bytes| bytes.push(0)), 1),
        ("an answer in the request", changed(&plain, |bytes| bytes[7] = 1), 1),
        (
            "two OPT",
            changed(&with_opt, |bytes| {
                bytes[11] = 2;
                bytes.extend_from_slice(&OPT);
            }),
            1,
        ),
        (
            "EDNS version 1 is BADVERS",
            changed(&with_opt, |bytes| {
                let at = bytes.len() - 5;
                bytes[at] = 1;
            }),
            0,
        ),
        ("NOTIFY of another type than SOA", changed(&plain, |bytes| bytes[2] = 4 << 3), 1),
        (
            "NOTIFY of a zone that is no copy",
            changed(&plain, |bytes| {
                bytes[2] = 4 << 3;
                bytes[31] = 6;
            }),
            9,
        ),
        ("UPDATE", changed(&plain, |bytes| bytes[2] = 5 << 3), 4),
        ("class CH", changed(&plain, |bytes| *bytes.last_mut().unwrap() = 3), 5),
        ("AXFR", changed(&plain, |bytes| bytes[31] = 252), 5),
        ("TSIG as a type", changed(&plain, |bytes| bytes[31] = 250), 4),
        ("OPT as a type", changed(&plain, |bytes| bytes[31] = 41), 1),
        ("a name elsewhere", changed(&plain, |bytes| bytes[17] = b'x'), 5),
    ];
    for (what, packet, expected) in cases {
        assert_eq!(rcode_for(&ours, &packet).await, expected, "{what}");
    }
    let badvers = raw(
        &ours,
        &changed(&with_opt, |bytes| {
            let at = bytes.len() - 5;
            bytes[at] = 1;
        }),
    )
    .await;
    assert_eq!(badvers[badvers.len() - 6], 1, "the upper bits of BADVERS");
}

#[tokio::test]
async fn a_response_and_a_fragment_of_a_header_are_not_answered() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.connect(ours.address).await.unwrap();
    socket.send(&changed(&query(1), |bytes| bytes[2] |= 0x80)).await.unwrap();
    socket.send(&[0; 11]).await.unwrap();
    socket.send(&[]).await.unwrap();
    // One socket answers in order: the first answer that comes is that to the last packet.
    socket.send(&query(9)).await.unwrap();
    let mut buffer = [0; 512];
    socket.recv(&mut buffer).await.unwrap();
    assert_eq!(buffer[1], 9);
}

#[tokio::test]
async fn an_answer_fits_the_size_that_the_client_offers() {
    let many: String = (1..60).map(|n| format!("www A 192.0.2.{n}\n")).collect();
    let text = format!("$ORIGIN shop.example.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n{many}");
    let ours = Ours::start(vec![zone(&text)]).await;
    for (offer, fits) in [(0, false), (512, false), (900, false), (1232, true), (4096, true)] {
        let asking = AskOptions { edns_size: offer, transport: Transport::Udp, ..options() };
        let answer = asked(ours.address, "www.shop.example", "A", &asking).await;
        assert_eq!(answer.answer.len(), if fits { 59 } else { 0 }, "offered {offer}");
        assert_eq!(answer.flags.tc, !fits, "offered {offer}");
        assert!(answer.size <= usize::from(offer.clamp(512, 1232)), "offered {offer}");
    }
}

#[tokio::test]
async fn additional_data_that_does_not_fit_is_left_out_without_a_word() {
    let many: String =
        (1..30).map(|n| format!("@ MX 10 a-long-name-{n}\na-long-name-{n} AAAA 2001:db8::{n}\n")).collect();
    let text = format!("$ORIGIN shop.example.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n{many}");
    let ours = Ours::start(vec![zone(&text)]).await;
    let answer = asked(ours.address, "shop.example", "MX", &over(Transport::Udp)).await;
    assert_eq!((answer.flags.tc, answer.answer.len(), answer.additional.len()), (false, 29, 0));
    let answer = asked(ours.address, "shop.example", "MX", &over(Transport::Tcp)).await;
    assert_eq!((answer.answer.len(), answer.additional.len()), (29, 29));
}

#[tokio::test]
async fn glue_that_does_not_fit_truncates_the_referral() {
    let glue: String =
        (1..60).map(|n| format!("ns.sub A 192.0.2.{n}\nns.sub AAAA 2001:db8::{n}\n")).collect();
    let text = format!("$ORIGIN shop.example.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nsub NS ns.sub\n{glue}");
    let ours = Ours::start(vec![zone(&text)]).await;
    assert!(asked(ours.address, "x.sub.shop.example", "A", &over(Transport::Udp)).await.flags.tc);
    let whole = asked(ours.address, "x.sub.shop.example", "A", &options()).await;
    assert_eq!((whole.transport, whole.additional.len()), (TransportUsed::Tcp, 118));
}

#[tokio::test]
async fn questions_in_one_connection_are_answered_in_order() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let mut stream = TcpStream::connect(ours.address).await.unwrap();
    let mut all = Vec::new();
    for id in 1..=20 {
        let query = query(id);
        all.extend_from_slice(&[0, u8::try_from(query.len()).unwrap()]);
        all.extend_from_slice(&query);
    }
    stream.write_all(&all).await.unwrap();
    for id in 1..=20 {
        let size = stream.read_u16().await.unwrap();
        let mut answer = vec![0; usize::from(size)];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[1], id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_finish_its_question_is_cut() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    for beginning in [&[][..], &[0], &[0xff, 0xff], &[0, 34, 1]] {
        let mut stream = TcpStream::connect(ours.address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), stream.read_u8()).await;
        assert!(ended.unwrap().is_err(), "the connection was not closed after {beginning:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connections_give_way_when_few_are_left() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let mut idle = Vec::new();
    for n in 0..300 {
        // No client may hold all connections: they come from three.
        idle.push(from([127, 0, 0, 2 + u8::try_from(n / 100).unwrap()], &ours).await);
    }
    // Less than a connection may idle where there are enough of them.
    let asking = AskOptions { deadline: Duration::from_secs(5), ..over(Transport::Tcp) };
    assert_eq!(asked(ours.address, "mx1.shop.example", "A", &asking).await.rcode, Rcode::NOERROR);
}

#[tokio::test]
async fn one_client_cannot_take_all_connections() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let mut held = Vec::new();
    for _ in 0..128 {
        held.push(from([127, 0, 0, 2], &ours).await);
    }
    let mut refused = from([127, 0, 0, 2], &ours).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), refused.read_u8()).await;
    assert!(ended.expect("it is closed at once, not when it has idled").is_err());
    let answer = asked(ours.address, "mx1.shop.example", "A", &over(Transport::Tcp)).await;
    assert_eq!(answer.rcode, Rcode::NOERROR, "another client is answered");
}

#[tokio::test]
async fn a_server_that_has_ended_leaves_its_port_to_the_next() {
    let mut address = SocketAddr::new(LOOPBACK, 0);
    for _ in 0..3 {
        let server = Server::bind(&[address], vec![zone(SHOP)]).await.unwrap();
        address = server.local_addrs()[0];
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async { drop(stopped.await) }));
        let answer = asked(address, "mx1.shop.example", "A", &over(Transport::Udp)).await;
        assert_eq!(answer.rcode, Rcode::NOERROR);
        drop(stop);
        running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn more_connections_than_slots_do_not_stop_udp() {
    let ours = Ours::start(vec![zone(SHOP)]).await;
    let mut idle = Vec::new();
    for n in 0..300 {
        // No client may hold all connections: they come from three.
        idle.push(from([127, 0, 0, 2 + u8::try_from(n / 100).unwrap()], &ours).await);
    }
    assert_eq!(asked(ours.address, "mx1.shop.example", "A", &options()).await.rcode, Rcode::NOERROR);
}

#[tokio::test]
async fn a_zone_is_switched_as_one_while_it_is_asked() {
    let first = zone(SHOP);
    let ours = Ours::start(vec![first.clone()]).await;
    let second = first.without("mx1.shop.example").unwrap();
    assert_eq!(asked(ours.address, "mx1.shop.example", "A", &options()).await.rcode, Rcode::NOERROR);
    ours.handle.publish(second);
    let gone = asked(ours.address, "mx1.shop.example", "A", &options()).await;
    assert_eq!(gone.rcode, Rcode::NXDOMAIN);
    assert!(lines(&gone.authority)[0].contains(" 2026112102 "));
    ours.handle.publish_all(Vec::new());
    assert_eq!(asked(ours.address, "mx1.shop.example", "A", &options()).await.rcode, Rcode::REFUSED);
}

#[tokio::test]
async fn the_closest_zone_answers_and_the_parent_for_ds() {
    let child = "$ORIGIN dept.shop.example.\n@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nwww 60 A 192.0.2.200\n";
    let ours = Ours::start(vec![zone(SHOP), zone(child)]).await;
    let www = asked(ours.address, "www.dept.shop.example", "A", &options()).await;
    assert_eq!(lines(&www.answer), ["www.dept.shop.example. 60 IN A 192.0.2.200"]);
    let ds = asked(ours.address, "dept.shop.example", "DS", &options()).await;
    assert!(ds.flags.aa && ds.answer.len() == 1);
}

#[tokio::test]
async fn every_authority_is_asked_and_disagreement_is_said() {
    let text = "$ORIGIN z.example.\n@ 60 SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\n@ 60 NS ns2\nns1 60 A 127.0.0.1\n\
                ns2 60 A 127.0.0.2\nwww 60 A 192.0.2.1\na.b.c 60 A 192.0.2.2\n";
    let one = Ours::start(vec![zone(text)]).await;
    let other = Server::bind(
        &[SocketAddr::from(([127, 0, 0, 2], one.address.port()))],
        vec![zone(&text.replace("192.0.2.1", "192.0.2.9"))],
    )
    .await
    .unwrap();
    tokio::spawn(other.run(std::future::pending()));
    let found = authorities_at(
        &question("www.z.example", "A"),
        &[one.address],
        one.address.port(),
        Duration::from_secs(10),
    )
    .await
    .unwrap();
    assert_eq!((found.zone.as_str(), found.servers.len()), ("z.example.", 2));
    assert_eq!(
        found.disagreements(),
        [
            "ns1.z.example. (127.0.0.1): NOERROR: A 192.0.2.1",
            "ns2.z.example. (127.0.0.2): NOERROR: A 192.0.2.9"
        ]
    );
    let deep = question("a.b.c.z.example", "A");
    let found =
        authorities_at(&deep, &[one.address], one.address.port(), Duration::from_secs(10)).await.unwrap();
    assert_eq!((found.zone.as_str(), found.disagreements().len()), ("z.example.", 0));
    let given = ask_each(&deep, &[one.address], Duration::from_secs(10)).await;
    assert!(given.servers[0].answer.as_ref().unwrap().flags.aa);
}

#[tokio::test]
async fn files_are_read_again_on_sighup_and_bad_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.zone");
    std::fs::write(&file, SHOP).unwrap();
    let server = FileServer::bind(vec![file.clone()], &[SocketAddr::new(LOOPBACK, 0)]).await.unwrap();
    let address = server.local_addrs()[0];
    let serving = tokio::spawn(server.run(std::future::pending()));
    let serial =
        || async { lines(&asked(address, "shop.example", "SOA", &options()).await.answer)[0].clone() };
    assert!(serial().await.contains("2026112101"));
    let hang_up = || {
        let sent =
            std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    std::fs::write(&file, "nonsense").unwrap();
    hang_up();
    assert!(serial().await.contains("2026112101"));
    std::fs::write(&file, SHOP.replace("2026112101", "2026112102")).unwrap();
    hang_up();
    // Until the new zone is in force the old one answers; the test's runner bounds the wait.
    while !serial().await.contains("2026112102") {}
    serving.abort();
}

#[tokio::test]
async fn files_with_faults_are_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    std::fs::write(&good, SHOP).unwrap();
    std::fs::write(&bad, "$ORIGIN z.example.\n@ 60 A x\n").unwrap();
    let listen = vec![SocketAddr::new(LOOPBACK, 0)];
    let shown = |files: Vec<std::path::PathBuf>| {
        let listen = listen.clone();
        let folder = folder.path().display().to_string();
        async move {
            let fault = serve_files(files, listen, std::future::ready(())).await.unwrap_err();
            fault.to_string().replace(&folder, "DIR")
        }
    };
    insta::assert_snapshot!(
        shown(vec![good.clone(), bad]).await,
        @"DIR/bad:2:8: cannot be read: expected IPv4 address"
    );
    insta::assert_snapshot!(
        shown(vec![good.clone(), good.clone()]).await,
        @"DIR/good: another file has the zone shop.example. already"
    );
    let missing = shown(vec![folder.path().join("missing")]).await;
    assert!(missing.starts_with("DIR/missing: No such file"), "{missing}");
}

/// One server for all packets of a property; it must still answer after each.
fn survives(packets: Vec<Vec<u8>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ours = Ours::start(vec![zone(SHOP)]).await;
        let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        for packet in packets {
            socket.send_to(&packet, ours.address).await.unwrap();
        }
        assert_eq!(asked(ours.address, "mx1.shop.example", "A", &options()).await.rcode, Rcode::NOERROR);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_packet_stops_the_server(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..40),
    ) {
        survives(packets);
    }

    #[test]
    fn no_damaged_query_stops_the_server(
        damages in prop::collection::vec(prop::collection::vec((0usize..50, any::<u8>()), 0..6), 1..40),
    ) {
        let whole = changed(&query(1), |bytes| {
            bytes[11] = 1;
            bytes.extend_from_slice(&OPT);
        });
        survives(damages.into_iter().map(|damage| changed(&whole, |bytes| {
            let length = bytes.len();
            damage.iter().for_each(|(at, value)| bytes[at % length] = *value);
        })).collect());
    }
}
