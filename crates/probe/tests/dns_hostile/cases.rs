//! The misbehaviours, one row each: what the server does, and what the step must make of it.
//!
//! The question is always `www.shop.example A`, and any address is expected. A new misbehaviour is a row here.

use std::time::Duration;

use candor_core::fault::Kind;

use crate::stage::{Act, Manners, Query, framed};

/// One misbehaviour.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) udp: Manners,
    /// Nobody listens on TCP where there are none.
    pub(crate) tcp: Option<Manners>,
    /// The fault and words of its detail; none where the answer is good all the same.
    pub(crate) fault: Option<(Kind, &'static str)>,
}

impl Case {
    /// What the step has: where it ends at once, far more than that takes on a busy machine; else it takes all of it.
    pub(crate) fn patience(&self) -> Duration {
        let waits =
            |words: &str| ["ran out", "did not answer", "asked: "].iter().any(|part| words.contains(part));
        Duration::from_secs(if self.fault.is_some_and(|(_, words)| waits(words)) { 5 } else { 60 })
    }
}

/// Longer than any step of these tests has.
const LATE: Duration = Duration::from_secs(60);

const AA: [u8; 2] = [0x04, 0];
const CUT: [u8; 2] = [0x06, 0];
const NXDOMAIN: [u8; 2] = [0x04, 3];
const SERVFAIL: [u8; 2] = [0, 0x82];

/// The question's name, by a pointer.
const NAME: [u8; 2] = [0xC0, 12];

/// A record of the question's name.
fn record(rtype: u16, class: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    of(&NAME, rtype, class, ttl, data)
}

fn of(owner: &[u8], rtype: u16, class: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = owner.to_vec();
    bytes.extend(rtype.to_be_bytes());
    bytes.extend(class.to_be_bytes());
    bytes.extend(ttl.to_be_bytes());
    bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
    bytes
}

fn address() -> Vec<u8> {
    record(1, 1, 60, &[127, 0, 0, 1])
}

fn good(query: &Query) -> Vec<u8> {
    query.response(AA, [1, 0, 0], &address())
}

fn say(bytes: Vec<u8>) -> Vec<Act> {
    vec![Act::Say(bytes)]
}

/// The good answer with one byte changed.
fn changed(query: &Query, at: usize, mask: u8) -> Vec<Act> {
    let mut bytes = good(query);
    bytes[at] ^= mask;
    say(bytes)
}

/// An answer of one record.
fn one(query: &Query, record: &[u8]) -> Vec<Act> {
    say(query.response(AA, [1, 0, 0], record))
}

/// An OPT record of these options, with the upper bits of the response code.
fn opt(upper: u8, options: &[u8]) -> Vec<u8> {
    of(&[0], 41, 1232, u32::from(upper) << 24, options)
}

fn option(code: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = code.to_be_bytes().to_vec();
    bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
    bytes
}

/// SERVFAIL with an extended error.
fn failing(query: &Query, code: u16, words: &str) -> Vec<Act> {
    let mut data = code.to_be_bytes().to_vec();
    data.extend(words.as_bytes());
    say(query.response(SERVFAIL, [0, 0, 1], &opt(0, &option(15, &data))))
}

fn cut(query: &Query) -> Vec<Act> {
    say(query.response(CUT, [0, 0, 0], &[]))
}

/// Labels of a name in wire form, without its end.
fn labels(list: &[&[u8]]) -> Vec<u8> {
    list.iter().flat_map(|label| [&[u8::try_from(label.len()).unwrap()], *label].concat()).collect()
}

/// A chain of aliases, `a0` at the question's name, and no address at its end.
fn chain(query: &Query, length: u16) -> Vec<u8> {
    let link = |n: u16| [labels(&[format!("a{n}").as_bytes()]), NAME.to_vec()].concat();
    let mut records = record(5, 1, 60, &link(0));
    for n in 1..length {
        records.extend(of(&link(n - 1), 5, 1, 60, &link(n)));
    }
    query.response(AA, [length, 0, 0], &records)
}

fn guesses(query: &Query) -> Vec<Act> {
    let mut forged = good(query);
    forged[0] ^= 0x55;
    // In bursts that a socket's buffer holds: what it drops nobody has to bear.
    let burst = || (0..100).map(|_| Act::Say(forged.clone())).chain([Act::Wait(Duration::from_millis(2))]);
    (0..30).flat_map(|_| burst()).collect()
}

fn silent(_: &Query) -> Vec<Act> {
    vec![Act::Hang]
}

fn plain(query: &Query) -> Vec<Act> {
    say(good(query))
}

fn case(name: &'static str, udp: Manners, kind: Kind, words: &'static str) -> Case {
    Case { name, udp, tcp: None, fault: Some((kind, words)) }
}

fn borne(name: &'static str, udp: Manners) -> Case {
    Case { name, udp, tcp: None, fault: None }
}

/// A misbehaviour over TCP, after an answer over UDP that is cut short.
fn over_tcp(name: &'static str, tcp: Manners, kind: Kind, words: &'static str) -> Case {
    Case { name, udp: cut, tcp: Some(tcp), fault: Some((kind, words)) }
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [matching(), shapes(), aliases(), edns(), failures(), sizes(), tcp()].into_iter().flatten().collect()
}

/// Answers that are to another question, or of somebody else.
fn matching() -> Vec<Case> {
    use Kind::DnsTimeout;
    vec![
        case("another id", |q| changed(q, 1, 1), DnsTimeout, "none to the question asked: another id"),
        case("another question", |q| changed(q, 13, 1), DnsTimeout, "asked: another question"),
        case("a question of another class", |q| changed(q, 33, 2), DnsTimeout, "asked: another question"),
        case("a query", |q| say(q.echo()), DnsTimeout, "asked: a query, not a response"),
        case("another opcode", |q| changed(q, 2, 0x10), DnsTimeout, "asked: another opcode"),
        case("two questions", |q| changed(q, 5, 3), DnsTimeout, "asked: not exactly one question"),
        case("no question", |q| changed(q, 5, 1), DnsTimeout, "asked: not exactly one question"),
        case("eleven bytes", |_| say(vec![0; 11]), DnsTimeout, "asked: too short for a DNS message"),
        case("silence", silent, DnsTimeout, "ran out while asking"),
        case(
            "from another port",
            |q| vec![Act::SayFromAnotherPort(good(q))],
            DnsTimeout,
            "ran out while asking",
        ),
        case(
            "from another address",
            |q| vec![Act::SayFromAnotherAddress(good(q))],
            DnsTimeout,
            "ran out while asking",
        ),
        case(
            "after the deadline",
            |q| vec![Act::Wait(LATE), Act::Say(good(q))],
            DnsTimeout,
            "ran out while asking",
        ),
        case(
            "a flood instead of the answer",
            guesses,
            DnsTimeout,
            "sent 100 replies, none to the question asked",
        ),
        Case {
            name: "a flood before the answer",
            udp: guesses,
            tcp: Some(|q| say(framed(&good(q)))),
            fault: None,
        },
        borne("the question in another case", |q| changed(q, 14, 0x20)),
        borne("a wrong answer before the right one", |q| {
            changed(q, 0, 1).into_iter().chain(plain(q)).collect()
        }),
    ]
}

/// Messages that are none.
fn shapes() -> Vec<Case> {
    use Kind::DnsServfail;
    vec![
        case(
            "a name that points at itself",
            |q| one(q, &of(&[0xC0, 34], 1, 1, 60, &[0; 4])),
            DnsServfail,
            "cannot be read: answer section",
        ),
        case(
            "a name that points forwards",
            |q| one(q, &of(&[0xC0, 36, 0xC0, 34], 1, 1, 60, &[0; 4])),
            DnsServfail,
            "cannot be read: answer section",
        ),
        case(
            "a name that points beyond the end",
            |q| one(q, &of(&[0xFF, 0xFF], 1, 1, 60, &[0; 4])),
            DnsServfail,
            "cannot be read: answer section",
        ),
        case(
            "a name of 260 bytes",
            |q| {
                one(
                    q,
                    &of(
                        &[labels(&[&[b'a'; 63][..]; 4]), vec![3, b'a', b'a', b'a', 0]].concat(),
                        1,
                        1,
                        60,
                        &[0; 4],
                    ),
                )
            },
            DnsServfail,
            "long domain name",
        ),
        case(
            "a label of 64 bytes",
            |q| one(q, &of(&[&[64][..], &[b'a'; 64], &[0]].concat(), 1, 1, 60, &[0; 4])),
            DnsServfail,
            "invalid label type",
        ),
        case(
            "an address of three bytes",
            |q| one(q, &record(1, 1, 60, &[192, 0, 2])),
            DnsServfail,
            "www.shop.example. A",
        ),
        case(
            "fewer records than announced",
            |q| say(q.response(AA, [2, 0, 0], &address())),
            DnsServfail,
            "cannot be read: answer section",
        ),
        case(
            "ten thousand records announced",
            |q| say(q.response(AA, [10_000, 0, 0], &address())),
            DnsServfail,
            "announces 10000 records",
        ),
        case(
            "records of another class",
            |q| one(q, &record(1, 3, 60, &[127, 0, 0, 1])),
            Kind::DnsNodata,
            "not with type A",
        ),
        case("an empty answer", |q| say(q.response(AA, [0, 0, 0], &[])), Kind::DnsNodata, "not with type A"),
        borne("a time to live of 2^32 - 1", |q| one(q, &record(1, 1, u32::MAX, &[127, 0, 0, 1]))),
        borne("a time to live of 2^31", |q| one(q, &record(1, 1, 1 << 31, &[127, 0, 0, 1]))),
        borne("bytes behind the message", |q| say([good(q), vec![0xff; 200]].concat())),
    ]
}

/// Aliases that lead nowhere, and names that are meant for a terminal.
fn aliases() -> Vec<Case> {
    use Kind::DnsAliasBroken;
    const HOSTILE: &[u8] = b"\x1b[31m\x00\xe2\x80\xae\r\n<b>";
    vec![
        case("an alias of itself", |q| one(q, &record(5, 1, 60, &NAME)), DnsAliasBroken, "in a circle"),
        Case {
            name: "a chain of a thousand aliases",
            udp: cut,
            tcp: Some(|q| say(framed(&chain(q, 1000)))),
            fault: Some((DnsAliasBroken, "more than 16 aliases in a row")),
        },
        case(
            "a name full of commands",
            |q| {
                say(q.response(
                    NXDOMAIN,
                    [1, 0, 0],
                    &record(5, 1, 60, &[labels(&[HOSTILE]), vec![0]].concat()),
                ))
            },
            DnsAliasBroken,
            r"\027[31m\000\226\128\174\013\010<b>",
        ),
    ]
}

/// EDNS that is none, or too much of it.
fn edns() -> Vec<Case> {
    use Kind::DnsServfail;
    vec![
        case(
            "two OPT",
            |q| say(q.response(AA, [1, 0, 2], &[address(), opt(0, &[]), opt(0, &[])].concat())),
            DnsServfail,
            "additional section: a second OPT record",
        ),
        case(
            "an OPT with a name",
            |q| say(q.response(AA, [1, 0, 1], &[address(), record(41, 1232, 0, &[])].concat())),
            DnsServfail,
            "an OPT record with a name",
        ),
        case(
            "an OPT among the answers",
            |q| say(q.response(AA, [2, 0, 0], &[address(), opt(0, &[])].concat())),
            DnsServfail,
            "an OPT record where none may be",
        ),
        case(
            "an option longer than its OPT",
            |q| say(q.response(AA, [1, 0, 1], &[address(), opt(0, &[0, 15, 0, 200, 1])].concat())),
            DnsServfail,
            "additional section: OPT",
        ),
        case(
            "an extended response code",
            |q| say(q.response([0, 7], [0, 0, 1], &opt(1, &[]))),
            DnsServfail,
            "is answered BADCOOKIE",
        ),
        case(
            "a response code nobody knows",
            |q| say(q.response([0, 15], [0, 0, 1], &opt(0xff, &[]))),
            DnsServfail,
            "is answered RCODE4095",
        ),
        Case {
            name: "options of 60,000 bytes",
            udp: cut,
            tcp: Some(|q| {
                say(framed(&q.response(
                    AA,
                    [1, 0, 1],
                    &[address(), opt(0, &option(12, &[0; 60_000]))].concat(),
                )))
            }),
            fault: None,
        },
    ]
}

/// Servers that fail, and why.
fn failures() -> Vec<Case> {
    vec![
        case(
            "SERVFAIL",
            |q| say(q.response(SERVFAIL, [0, 0, 0], &[])),
            Kind::DnsServfail,
            "is answered SERVFAIL",
        ),
        case(
            "SERVFAIL with its reason",
            |q| failing(q, 22, "no reachable authority"),
            Kind::DnsServfail,
            "(extended error 22: no reachable authority)",
        ),
        case(
            "SERVFAIL with a hostile reason",
            |q| failing(q, 22, "a\u{202e}b\u{1b}[2Jc\u{2066}d"),
            Kind::DnsServfail,
            "(extended error 22: a b[2Jc d)",
        ),
        case(
            "SERVFAIL that says it is validation",
            |q| failing(q, 7, ""),
            Kind::DnsBogus,
            "fails DNSSEC validation",
        ),
        case(
            "SERVFAIL that becomes an answer unchecked",
            |q| if q.unchecked() { plain(q) } else { say(q.response(SERVFAIL, [0, 0, 0], &[])) },
            Kind::DnsBogus,
            "fails DNSSEC validation",
        ),
        case(
            "SERVFAIL that becomes silence unchecked",
            |q| if q.unchecked() { silent(q) } else { say(q.response(SERVFAIL, [0, 0, 0], &[])) },
            Kind::DnsServfail,
            "is answered SERVFAIL",
        ),
    ]
}

/// As much as a message holds.
fn sizes() -> Vec<Case> {
    let whole = |name, tcp: Manners, fault| Case { name, udp: cut, tcp: Some(tcp), fault };
    vec![
        whole(
            "an answer of 64 KiB",
            |q| {
                let addresses: Vec<u8> = (0..4000_u16)
                    .flat_map(|n| record(1, 1, 60, &[[127, 0], n.to_be_bytes()].concat()))
                    .collect();
                say(framed(&q.response(AA, [4000, 0, 0], &addresses)))
            },
            None,
        ),
        whole(
            "an answer that grows a hundredfold when it is written out",
            |q| {
                let long = labels(&[&[7; 63], &[7; 63], &[7; 63], &[7; 40]]);
                let first = of(&[long, vec![0]].concat(), 16, 1, 60, &[0]);
                // RP holds two names, each of them this one again.
                let more = of(&[0xC0, 34], 17, 1, 60, &[0xC0, 34, 0xC0, 34]);
                let records = [first, more.repeat(4000)].concat();
                say(framed(&q.response(AA, [4001, 0, 0], &records)))
            },
            Some((Kind::DnsServfail, "bytes when written out")),
        ),
        whole(
            "a text of 60,000 bytes of commands",
            |q| {
                let text = [&[255][..], &[0x1b; 255]].concat().repeat(234);
                let records = [address(), record(16, 1, 60, &text)].concat();
                say(framed(&q.response(AA, [2, 0, 0], &records)))
            },
            None,
        ),
    ]
}

/// What TCP adds.
fn tcp() -> Vec<Case> {
    use Kind::{DnsServfail, DnsTimeout};
    vec![
        case(
            "cut short, and TCP is refused",
            cut,
            DnsTimeout,
            "cut its answer short, and over TCP: 127.0.0.1:",
        ),
        over_tcp("cut short, and TCP hangs", silent, DnsTimeout, "did not answer within"),
        over_tcp("cut short, and TCP hangs up", |_| Vec::new(), DnsTimeout, "hung up instead of answering"),
        over_tcp(
            "cut short, and TCP speaks HTTP",
            |_| say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            DnsTimeout,
            "it hung up after 26 of 18516 bytes",
        ),
        over_tcp(
            "cut short, and TCP brings nothing",
            |_| say(framed(&[])),
            DnsTimeout,
            "too short for a DNS message",
        ),
        over_tcp(
            "cut short, and TCP brings five bytes",
            |_| say(framed(&[1; 5])),
            DnsTimeout,
            "too short for a DNS message",
        ),
        over_tcp(
            "cut short, and TCP brings another answer",
            |q| say(framed(&q.echo())),
            DnsTimeout,
            "a query, not a response",
        ),
        over_tcp(
            "cut short, and over TCP as well",
            |q| say(framed(&q.response(CUT, [0, 0, 0], &[]))),
            DnsServfail,
            "cut short even over TCP",
        ),
        over_tcp(
            "cut short, and TCP drips",
            |_| {
                vec![0xff, 0xff]
                    .into_iter()
                    .chain([0; 500])
                    .flat_map(|byte| [Act::Say(vec![byte]), Act::Wait(Duration::from_millis(100))])
                    .collect()
            },
            DnsTimeout,
            "did not answer within",
        ),
        over_tcp(
            "cut short, and TCP promises more than it brings",
            |q| vec![Act::Say(framed(&[0; 65_535])[..4000].to_vec()), Act::Say(good(q)), Act::Hang],
            DnsTimeout,
            "did not answer within",
        ),
    ]
}
