//! Asking servers that misbehave: nothing they send is believed beyond the question, and each fault keeps its kind.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use candor_names::{AskError, AskOptions, Question, Rcode, Transport, TransportUsed, ask};
use support::{
    A_RECORD, LOOPBACK, Ours, asked, impatient, lines, misbehave, options, over, question, response_to, zone,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn www() -> Question {
    question("www.shop.example", "A")
}

#[tokio::test]
async fn a_reply_with_another_id_is_ignored_and_counted() {
    let server = misbehave(|query| {
        let good = response_to(query, [4, 0], 1, &A_RECORD);
        let mut forged = good.clone();
        forged[1] ^= 1;
        vec![forged.clone(), forged, good]
    })
    .await;
    let answer = ask(server, &www(), &options()).await.unwrap();
    assert_eq!(
        (answer.ignored, lines(&answer.answer)),
        (2, vec!["www.shop.example. 60 IN A 192.0.2.1".into()])
    );
}

#[tokio::test]
async fn only_mismatches_are_a_fault_of_their_own() {
    let server = misbehave(|query| {
        let mut forged = response_to(query, [4, 0], 1, &A_RECORD);
        forged[0] ^= 1;
        vec![forged]
    })
    .await;
    let fault = ask(server, &www(), &AskOptions { retry: false, ..impatient() }).await.unwrap_err();
    assert_eq!(fault.to_string(), format!("{server} sent 1 replies, none to the question asked: another id"));
}

#[tokio::test]
async fn beyond_a_hundred_guesses_the_question_goes_over_tcp() {
    let zone = zone("$ORIGIN shop.example.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nwww A 192.0.2.7\n");
    let whole = Ours::start(vec![zone]).await;
    let (socket, tcp) = loop {
        let socket = tokio::net::UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(socket.local_addr().unwrap()).await {
            break (socket, tcp);
        }
    };
    let server = socket.local_addr().unwrap();
    // Guesses without number over UDP; over TCP what another server says.
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((size, client)) = socket.recv_from(&mut buffer).await {
            let mut forged = response_to(&buffer[..size], [4, 0], 1, &A_RECORD);
            forged[0] ^= 1;
            for _ in 0..3000 {
                let _ = socket.send_to(&forged, client).await;
                tokio::task::yield_now().await;
            }
        }
    });
    tokio::spawn(async move {
        let (mut near, _) = tcp.accept().await.unwrap();
        let mut far = tokio::net::TcpStream::connect(whole.address).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    });
    let asking = AskOptions { deadline: std::time::Duration::from_secs(3600), ..options() };
    let answer = ask(server, &www(), &asking).await.unwrap();
    assert_eq!((answer.transport, answer.ignored), (TransportUsed::Tcp, 100));
    assert!(lines(&answer.answer)[0].ends_with("192.0.2.7"));
    let alone = AskOptions { transport: Transport::Udp, ..asking };
    let fault = ask(server, &www(), &alone).await.unwrap_err();
    assert!(matches!(fault, AskError::Mismatched { ignored: 100, .. }), "{fault}");
}

#[tokio::test]
async fn a_datagram_larger_than_what_is_read_counts_as_truncated() {
    let server = misbehave(|query| {
        let mut large = response_to(query, [4, 0], 1, &A_RECORD);
        large.resize(5000, 0);
        vec![large]
    })
    .await;
    let cut = ask(server, &www(), &over(Transport::Udp)).await.unwrap();
    assert!(cut.flags.tc && cut.answer.is_empty(), "{cut:?}");
    let fault = ask(server, &www(), &options()).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        format!(
            "{server} cut its answer short, and over TCP: {server} refuses connections: nobody listens there"
        )
    );
}

#[tokio::test]
async fn a_reply_to_another_question_is_ignored() {
    let server = misbehave(|query| {
        let mut forged = response_to(query, [4, 0], 1, &A_RECORD);
        forged[13] ^= 1;
        vec![forged]
    })
    .await;
    let fault = ask(server, &www(), &impatient()).await.unwrap_err();
    assert!(matches!(fault, AskError::Mismatched { ref why, .. } if why == "another question"), "{fault}");
}

#[tokio::test]
async fn our_own_question_sent_back_is_not_an_answer() {
    let server = misbehave(|query| vec![query.to_vec()]).await;
    let fault = ask(server, &www(), &impatient()).await.unwrap_err();
    assert!(matches!(fault, AskError::Mismatched { .. }), "{fault}");
}

#[tokio::test]
async fn garbage_is_ignored_until_the_deadline() {
    let server = misbehave(|_| vec![b"hello".to_vec(), vec![0; 3000]]).await;
    let fault = ask(server, &www(), &impatient()).await.unwrap_err();
    assert!(matches!(fault, AskError::Mismatched { .. }), "{fault}");
}

#[tokio::test]
async fn a_compression_loop_is_malformed() {
    let looped = [0xC0, 34, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
    let server = misbehave(move |query| vec![response_to(query, [4, 0], 1, &looped)]).await;
    let fault = ask(server, &www(), &options()).await.unwrap_err();
    assert!(matches!(fault, AskError::Malformed { .. }), "{fault}");
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = misbehave(|_| Vec::new()).await;
    let fault = ask(server, &www(), &impatient()).await.unwrap_err();
    assert_eq!(fault.to_string(), format!("{server} did not answer within 300 ms"));
}

#[tokio::test]
async fn a_lost_question_is_asked_again_and_the_exchange_says_so() {
    let seen = std::sync::atomic::AtomicU32::new(0);
    let server = misbehave(move |query| match seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => Vec::new(),
        _ => vec![response_to(query, [4, 0], 1, &A_RECORD)],
    })
    .await;
    let asking = AskOptions { deadline: std::time::Duration::from_secs(2), ..options() };
    assert!(ask(server, &www(), &asking).await.unwrap().retried);
}

#[tokio::test]
async fn a_closed_port_is_refused_at_once() {
    let gone = std::net::UdpSocket::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap();
    for transport in [Transport::Udp, Transport::Tcp] {
        // The deadline is an hour: waiting for it would never end.
        let asking = AskOptions { deadline: std::time::Duration::from_secs(3600), ..over(transport) };
        let fault = ask(gone, &www(), &asking).await.unwrap_err();
        assert!(matches!(fault, AskError::Refused { .. }), "{fault}");
    }
}

#[tokio::test]
async fn an_error_without_its_question_is_an_answer() {
    let server = misbehave(|query| {
        let mut bytes = query[..12].to_vec();
        bytes[2] |= 0x80;
        bytes[3] = 1;
        bytes[4..12].fill(0);
        vec![bytes]
    })
    .await;
    assert_eq!(ask(server, &www(), &options()).await.unwrap().rcode, Rcode::FORMERR);
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let many: String = (1..200).map(|n| format!("www A 192.0.2.{n}\n")).collect();
    let text = format!("$ORIGIN shop.example.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n{many}");
    let ours = Ours::start(vec![zone(&text)]).await;
    let whole = asked(ours.address, "www.shop.example", "A", &options()).await;
    assert_eq!((whole.transport, whole.answer.len()), (TransportUsed::Tcp, 199));
    let cut = asked(ours.address, "www.shop.example", "A", &over(Transport::Udp)).await;
    assert_eq!((cut.transport, cut.flags.tc, cut.answer.len()), (TransportUsed::Udp, true, 0));
}

#[tokio::test]
async fn every_question_has_a_port_and_an_id_of_its_own() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let socket = tokio::net::UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let server = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((size, client)) = socket.recv_from(&mut buffer).await {
            let _ = tell.send((client.port(), [buffer[0], buffer[1]]));
            let _ = socket.send_to(&response_to(&buffer[..size], [4, 0], 1, &A_RECORD), client).await;
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        ask(server, &www(), &options()).await.unwrap();
        seen.insert(told.recv().await.unwrap());
    }
    assert_eq!(seen.len(), 20);
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(_, id)| id).collect();
    assert!(ids.len() > 15, "ids repeat: {ids:?}");
}

#[tokio::test]
async fn a_tcp_server_that_hangs_up_is_unreachable() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut query = [0; 46];
        stream.read_exact(&mut query).await.unwrap();
        stream.write_all(&[0x40, 0, 1, 2, 3]).await.unwrap();
    });
    let fault = ask(server, &www(), &over(Transport::Tcp)).await.unwrap_err();
    assert!(matches!(fault, AskError::Unreachable { .. }), "{fault}");
}
