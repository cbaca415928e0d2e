//! Letters by SMTP, from a real client and from strange ones, and the mailbox.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::estate;
use crate::person::Person;

/// A plain conversation: each line is sent, and the code of its answer is expected.
pub(crate) async fn talk(person: &Person, lines: &[(&str, u16)]) -> BufReader<TcpStream> {
    let authority = format!("mx.shop.example:{}", person.customer.urls.port());
    let mut stream = BufReader::new(person.customer.connect(&authority).await.unwrap());
    assert_eq!(answer(&mut stream).await, 220);
    for (line, code) in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        let said = answer(&mut stream).await;
        assert_eq!(said, *code, "{line}");
    }
    stream
}

/// The code of a reply; 0 when the server has closed.
pub(crate) async fn answer(stream: &mut BufReader<TcpStream>) -> u16 {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return 0;
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.get(..3).unwrap().parse().unwrap();
        }
    }
}

#[tokio::test]
async fn a_real_client_sends_a_letter_and_its_reader_reads_answers_and_deletes_it() {
    let estate = estate().await;
    let (one, two) = (Person::new(&estate, "customer-1").await, Person::new(&estate, "customer-2").await);
    let script = "import smtplib, sys\n\
        from email.message import EmailMessage\n\
        m = EmailMessage()\n\
        m['From'] = 'sender@elsewhere.example'\n\
        m['To'] = 'customer-1@shop.example, customer-2@shop.example'\n\
        m['Subject'] = 'Hello from outside'\n\
        m.set_content('.a line that begins with a dot\\n.\\nand Grüße\\n', cte='8bit')\n\
        s = smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=10)\n\
        s.set_debuglevel(0)\n\
        refused = s.send_message(m, to_addrs=['customer-1@shop.example', 'customer-2@shop.example', 'nobody@shop.example'])\n\
        assert list(refused) == ['nobody@shop.example'] and refused['nobody@shop.example'][0] == 550, refused\n\
        assert s.has_extn('size') and s.has_extn('8bitmime') and s.has_extn('pipelining')\n\
        assert s.noop()[0] == 250 and s.verify('customer-1')[0] == 252 and s.rset()[0] == 250\n\
        s.quit()\n";
    let authority = format!("mx.shop.example:{}", one.customer.urls.port());
    let address = one.customer.connect(&authority).await.unwrap().peer_addr().unwrap();
    let run = tokio::process::Command::new("python3")
        .args(["-c", script, &address.ip().to_string(), &address.port().to_string()])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("python3 (Debian: python3)");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));

    for person in [&one, &two] {
        let letters = person.get("mail", "/letters").await.json()["letters"].clone();
        assert_eq!(letters.as_array().unwrap().len(), 1);
        assert_eq!(
            (letters[0]["from"].as_str(), letters[0]["subject"].as_str(), letters[0]["seen"].as_bool()),
            (Some("sender@elsewhere.example"), Some("Hello from outside"), Some(false))
        );
    }
    let id = one.get("mail", "/letters").await.json()["letters"][0]["id"].as_str().unwrap().to_owned();
    let letter = one.get("mail", &format!("/letters/{id}")).await.json();
    assert_eq!(letter["text"], ".a line that begins with a dot\n.\nand Grüße");
    assert_eq!(two.get("mail", &format!("/letters/{id}")).await.status, 404, "another's letter");
    let page = one.look("mail", "/").await.text();
    assert!(page.contains("Hello from outside") && page.contains("Your mail"), "{page}");

    let written = json!({ "to": two.user, "subject": "And you?", "text": "Well.", "key": "k" });
    let sent = one.post("mail", "/letters", written.clone()).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert_eq!(
        one.post("mail", "/letters", written).await.json(),
        sent.json(),
        "the same key is the same letter"
    );
    let letters = two.get("mail", "/letters").await.json()["letters"].clone();
    assert_eq!(
        (letters[0]["subject"].as_str(), letters[0]["from"].as_str()),
        (Some("And you?"), Some(one.user.as_str()))
    );
    assert_eq!(letters.as_array().unwrap().len(), 2);

    assert_eq!(one.send("DELETE", "mail", &format!("/letters/{id}"), &[], "").await.status, 204);
    assert!(one.get("mail", "/letters").await.json()["letters"].as_array().unwrap().is_empty());
    for (to, status) in [("nobody@shop.example", 422), ("a@elsewhere.example", 422)] {
        let reply = one.post("mail", "/letters", json!({ "to": to, "subject": "", "text": "x" })).await;
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    assert_eq!(Person::nobody(&estate).get("mail", "/letters").await.status, 401);
    estate.stop().await;
}

#[tokio::test]
async fn letters_beyond_the_bounds_are_refused_and_the_conversation_goes_on() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let begin =
        [("MAIL FROM:<a@elsewhere.example>", 250), ("RCPT TO:<customer-1@shop.example>", 250), ("DATA", 354)];
    let mut hello =
        vec![("EHLO client.example", 250), ("MAIL FROM:<a@elsewhere.example> SIZE=99999999", 552)];
    hello.extend(begin);
    let mut stream = talk(&one, &hello).await;
    let line = format!("{}\r\n", "x".repeat(990));
    for _ in 0..600 {
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    stream.write_all(b".\r\n").await.unwrap();
    assert_eq!(answer(&mut stream).await, 552);

    for (line, code) in begin {
        stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await, code);
    }
    stream.write_all(format!("{}\r\n.\r\n", "x".repeat(100_000)).as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream).await, 554, "a line that is too long");
    stream.write_all(format!("NOOP {}\r\n", "x".repeat(5000)).as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream).await, 500, "a command that is too long");

    // All at once, as RFC 2920 allows.
    let all =
        "MAIL FROM:<>\r\nRCPT TO:<CUSTOMER-1@SHOP.EXAMPLE>\r\nRCPT TO:<x@elsewhere.example>\r\nDATA\r\n";
    stream.write_all(all.as_bytes()).await.unwrap();
    for code in [250, 250, 550, 354] {
        assert_eq!(answer(&mut stream).await, code);
    }
    stream.write_all(b"Subject: small\r\n\r\nfits\r\n.\r\nQUIT\r\n").await.unwrap();
    assert_eq!((answer(&mut stream).await, answer(&mut stream).await), (250, 221));
    let letters = one.get("mail", "/letters").await.json()["letters"].clone();
    assert_eq!((letters.as_array().unwrap().len(), letters[0]["subject"].as_str()), (1, Some("small")));
    estate.stop().await;
}

#[tokio::test]
async fn a_second_letter_cannot_be_smuggled_in_behind_a_bare_line_end() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let lines = [
        ("EHLO client.example", 250),
        ("MAIL FROM:<a@elsewhere.example>", 250),
        ("RCPT TO:<customer-1@shop.example>", 250),
        ("DATA", 354),
    ];
    let mut stream = talk(&one, &lines).await;
    let smuggled = b"Subject: one\r\n\r\nbody\n.\r\nMAIL FROM:<desk@shop.example>\r\nRCPT TO:<customer-1@shop.example>\r\nDATA\r\nSubject: two\r\n\r\nbad\r\n.\r\n";
    stream.write_all(smuggled).await.unwrap();
    assert_eq!(answer(&mut stream).await, 550);
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    assert!(rest.is_empty(), "the server has closed");
    assert!(one.get("mail", "/letters").await.json()["letters"].as_array().unwrap().is_empty());
    estate.stop().await;
}

#[tokio::test]
async fn binary_noise_and_silence_end_only_their_own_conversation() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let mut noise = talk(&one, &[]).await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    drop(noise.write_all(&bytes).await);
    let silent = talk(&one, &[]).await;
    talk(&one, &[("EHLO client.example", 250), ("QUIT", 221)]).await;
    drop((noise, silent));
    estate.stop().await;
}
