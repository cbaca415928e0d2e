//! The files of builds, each named by its own hash. A file that is not whole has another name and goes with its upload,
//! or with the next start.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::Connect;
use super::store::{self, Build};
use crate::http::Problem;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;
/// What begins the names of files that are not whole.
const PARTIAL: &str = "part-";

/// Tells apart the uploads of one process.
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// Makes the folder, and removes what uploads left that broke off with the last process.
pub(super) fn tidy(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file that goes when this is dropped.
#[derive(Debug)]
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // It has gone already where it became a build.
        drop(std::fs::remove_file(&self.0));
    }
}

/// A build that comes in.
#[derive(Debug)]
pub(super) struct Incoming {
    partial: Partial,
    file: File,
    hash: Sha256,
    size: u64,
}

impl Incoming {
    pub(super) async fn begin(folder: &Path) -> Result<Self, Problem> {
        let n = BEGUN.fetch_add(1, Ordering::Relaxed);
        let partial = Partial(folder.join(format!("{PARTIAL}{}-{n}", std::process::id())));
        let file = File::create(&partial.0).await.map_err(|error| Problem::broken(&error))?;
        Ok(Self { partial, file, hash: Sha256::new(), size: 0 })
    }

    pub(super) async fn write(&mut self, piece: &Bytes) -> Result<(), Problem> {
        self.size = self.size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        self.hash.update(piece);
        self.file.write_all(piece).await.map_err(|error| Problem::broken(&error))
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// All has come, and is on the disk.
    pub(super) async fn end(mut self) -> Result<Whole, Problem> {
        self.file.flush().await.map_err(|error| Problem::broken(&error))?;
        self.file.sync_all().await.map_err(|error| Problem::broken(&error))?;
        Ok(Whole { partial: self.partial, sha256: format!("{:x}", self.hash.finalize()), size: self.size })
    }
}

/// A build that has come and has no name yet.
#[derive(Debug)]
pub(super) struct Whole {
    partial: Partial,
    sha256: String,
    size: u64,
}

impl Whole {
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Gives it its name; afterwards it survives the process and the machine.
    pub(super) async fn settle(self, folder: &Path) -> Result<(String, u64), Problem> {
        let named = async {
            tokio::fs::rename(&self.partial.0, folder.join(&self.sha256)).await?;
            File::open(folder).await?.sync_all().await
        };
        named.await.map_err(|error| Problem::broken(&error))?;
        Ok((self.sha256.clone(), self.size))
    }
}

/// Reads a build again and says what became of it.
pub(super) async fn process(connect: Arc<Connect>, build: Build) {
    let whole = match hashed(&connect.folder.join(&build.sha256)).await {
        Ok(found) => found == (build.sha256.clone(), build.size),
        Err(error) => {
            tracing::error!("{} {} cannot be read again: {error}", build.app, build.version);
            false
        }
    };
    let state = if whole { "processed" } else { "damaged" };
    let done = connect.database.run(move |db| store::set_state(db, &build.app, &build.version, state)).await;
    if done.is_err() {
        tracing::error!("a build stays as received until the next start");
    }
}

async fn hashed(file: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hash, mut size) = (File::open(file).await?, Sha256::new(), 0);
    let mut piece = BytesMut::with_capacity(PIECE);
    loop {
        piece.clear();
        let read = file.read_buf(&mut piece).await?;
        if read == 0 {
            return Ok((format!("{:x}", hash.finalize()), size));
        }
        hash.update(&piece);
        size += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

/// A build's content, piece by piece.
pub(super) async fn read(folder: &Path, sha256: &str) -> Result<Content, Problem> {
    let file = File::open(folder.join(sha256)).await.map_err(|error| Problem::broken(&error))?;
    Ok(Content { file, piece: vec![0; PIECE] })
}

/// See [`read`]. A file that cannot be read on ends early, which the length in the header gives away.
#[derive(Debug)]
pub(super) struct Content {
    file: File,
    piece: Vec<u8>,
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { file, piece } = self.get_mut();
        let mut buffer = ReadBuf::new(piece);
        let read = ready!(Pin::new(file).poll_read(cx, &mut buffer));
        if let Err(error) = read {
            tracing::error!("a build cannot be read on: {error}");
            return Poll::Ready(None);
        }
        let filled = Bytes::copy_from_slice(buffer.filled());
        Poll::Ready((!filled.is_empty()).then(|| Ok(Frame::data(filled))))
    }
}
