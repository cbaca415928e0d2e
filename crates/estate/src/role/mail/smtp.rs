//! The SMTP server's sockets: lines in, replies out, everything bounded.
//!
//! 250 after the content is said when the letter is committed, and not before. A line of content that ends without CR is
//! the end of the conversation: where two servers differ on what ends a letter, a second one can be smuggled in.
//! When the role ends, conversations break off; a client that saw no 250 sends again (RFC 5321, section 4.5.4).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::Mail;
use super::boxes::{self, Kept};
use super::letter::Letter;
use super::session::{SIZE_MAX, Session, Step};

/// Conversations at once; the next client is told to come back.
const CLIENTS_MAX: usize = 100;
/// The longest command line (RFC 5321, section 4.5.3.1.4, and room for parameters).
const COMMAND_MAX: usize = 1024;
/// The longest line of content: more than the RFC asks for (1000), as clients send more.
const LINE_MAX: usize = 4096;
/// How much of a letter that is too large is read before the conversation ends.
const PATIENCE: usize = 4 * SIZE_MAX;
/// How long a client may take for a line, and for everything.
const LINE_WITHIN: Duration = Duration::from_secs(60);
const ALL_WITHIN: Duration = Duration::from_secs(900);
/// Refusals before a client is sent away.
const REFUSALS_MAX: u32 = 50;
/// How long to wait after the system refused a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The open server; it ends, conversations and all, when this is dropped.
#[derive(Debug)]
pub(super) struct Post(JoinHandle<()>);

impl Post {
    /// Listens on `address`.
    pub(super) async fn open(address: SocketAddr, mail: Arc<Mail>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self(tokio::spawn(serve(listener, mail))))
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(listener: TcpListener, mail: Arc<Mail>) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let crowded = clients.len() >= CLIENTS_MAX;
                    clients.spawn(attend(stream, peer, Arc::clone(&mail), crowded));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
}

async fn attend(mut stream: TcpStream, peer: SocketAddr, mail: Arc<Mail>, crowded: bool) {
    let ended = if crowded {
        stream.write_all(b"421 mx.shop.example is busy, come back later\r\n").await
    } else {
        let (read, write) = stream.into_split();
        let client = Client { lines: BufReader::new(read), write, peer, mail };
        match tokio::time::timeout(ALL_WITHIN, client.converse()).await {
            Ok(ended) => ended,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a conversation with {peer} broke off: {error}");
    }
}

/// What came in place of a line.
enum Heard {
    /// A line with its end.
    Line(Vec<u8>),
    /// A line beyond its bound, read to its end.
    TooLong,
    /// The client is gone.
    End,
}

/// What came in place of a letter.
enum Content {
    Letter(Vec<u8>),
    TooLarge,
    LineTooLong,
    /// A line ended without CR, or far too much came, or the client is gone.
    Broken(&'static str),
}

struct Client {
    lines: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    peer: SocketAddr,
    mail: Arc<Mail>,
}

impl Client {
    async fn converse(mut self) -> io::Result<()> {
        self.say("220 mx.shop.example SMTP\r\n").await?;
        let (mut session, mut refusals) = (Session::default(), 0);
        loop {
            let reply = match self.line(COMMAND_MAX).await? {
                Heard::End => return Ok(()),
                Heard::TooLong => "500 this line is too long\r\n".to_owned(),
                Heard::Line(line) => match std::str::from_utf8(&line) {
                    Ok(line) => match session.command(line.trim_end_matches(['\r', '\n'])) {
                        Step::Say(reply) => reply,
                        Step::Quit(reply) => return self.say(&reply).await,
                        Step::Recipient(owner) => self.recipient(&mut session, owner).await,
                        Step::Content => match self.content(&mut session).await? {
                            Ok(reply) => reply,
                            Err(last) => return self.say(&last).await,
                        },
                    },
                    Err(_) => "500 this is not text\r\n".to_owned(),
                },
            };
            refusals += u32::from(reply.starts_with('5'));
            if refusals > REFUSALS_MAX {
                return self.say("421 too much went wrong, goodbye\r\n").await;
            }
            self.say(&reply).await?;
        }
    }

    async fn recipient(&self, session: &mut Session, owner: String) -> String {
        match self.mail.callers.exists(&owner).await {
            Ok(true) => {}
            Ok(false) => return "550 nobody has this address\r\n".to_owned(),
            Err(_) => return "451 we cannot look this address up now, send it again later\r\n".to_owned(),
        }
        let asked = owner.clone();
        match self.mail.database.run(move |db| boxes::is_full(db, &asked)).await {
            Ok(false) => session.add(owner),
            Ok(true) => "452 this mailbox is full\r\n".to_owned(),
            Err(_) => "451 something broke here, send it again later\r\n".to_owned(),
        }
    }

    /// Takes a letter and keeps it; the error is the last word of this conversation.
    async fn content(&mut self, session: &mut Session) -> io::Result<Result<String, String>> {
        self.say("354 go on, and end with a line that is a dot\r\n").await?;
        let content = self.letter().await?;
        let client = format!("{} ([{}])", session.client(), self.peer.ip());
        let (sender, recipients) = session.envelope();
        Ok(match content {
            Content::Broken(why) => Err(format!("{why}\r\n")),
            Content::TooLarge => Ok("552 the letter is too large\r\n".to_owned()),
            Content::LineTooLong => Ok("554 a line of the letter is too long\r\n".to_owned()),
            Content::Letter(content) => {
                let letter = Letter::received(&sender, &client, &content);
                let kept =
                    self.mail.database.run(move |db| boxes::keep(db, &letter, &recipients, None)).await;
                Ok(match kept {
                    Ok(Kept::Yes(id)) => format!("250 kept as {id}\r\n"),
                    Ok(Kept::Full) => "452 a mailbox is full\r\n".to_owned(),
                    Err(_) => "451 something broke here, send it again later\r\n".to_owned(),
                })
            }
        })
    }

    /// The lines up to the dot, without the dots that were put before dots (RFC 5321, section 4.5.2).
    async fn letter(&mut self) -> io::Result<Content> {
        let (mut content, mut read, mut long) = (Vec::new(), 0, false);
        loop {
            let line = match self.line(LINE_MAX).await? {
                Heard::End => return Ok(Content::Broken("421 where did you go?")),
                Heard::TooLong => {
                    long = true;
                    continue;
                }
                Heard::Line(line) => line,
            };
            if !line.ends_with(b"\r\n") {
                return Ok(Content::Broken("550 the lines of a letter end with CR and LF"));
            }
            if line == b".\r\n" {
                break;
            }
            read += line.len();
            if read > PATIENCE {
                return Ok(Content::Broken("552 this is far too much"));
            }
            if content.len() + line.len() <= SIZE_MAX {
                content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
        Ok(match (long, read > SIZE_MAX) {
            (true, _) => Content::LineTooLong,
            (false, true) => Content::TooLarge,
            (false, false) => Content::Letter(content),
        })
    }

    async fn line(&mut self, max: usize) -> io::Result<Heard> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let mut line = Vec::new();
        let limit = u64::try_from(max).unwrap_or(u64::MAX);
        let mut within = (&mut self.lines).take(limit);
        tokio::time::timeout(LINE_WITHIN, within.read_until(b'\n', &mut line)).await.map_err(late)??;
        if line.ends_with(b"\n") {
            return Ok(Heard::Line(line));
        }
        if line.len() < max {
            return Ok(Heard::End);
        }
        // The rest of a long line is read and forgotten, up to a bound; then the client is gone for us.
        let limit = u64::try_from(PATIENCE).unwrap_or(u64::MAX);
        let mut rest = (&mut self.lines).take(limit);
        let skipped = async {
            loop {
                let piece = rest.fill_buf().await?;
                if piece.is_empty() {
                    return Ok::<_, io::Error>(Heard::End);
                }
                let end = piece.iter().position(|b| *b == b'\n');
                let used = end.map_or(piece.len(), |at| at + 1);
                rest.consume(used);
                if end.is_some() {
                    return Ok(Heard::TooLong);
                }
            }
        };
        tokio::time::timeout(LINE_WITHIN, skipped).await.map_err(late)?
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        tokio::time::timeout(LINE_WITHIN, self.write.write_all(reply.as_bytes()))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}
