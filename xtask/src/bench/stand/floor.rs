//! The floor: what the kernel takes for one exchange alone, in a loop that does nothing else. No client that asks the
//! kernel for sockets can be below it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use super::nsd::QUERY;
use super::process::own_nanoseconds;

/// Milliseconds of CPU for a connection, a request, the answer and the end.
pub(in super::super) fn http(server: SocketAddr, rounds: u32) -> Result<f64, String> {
    let request = format!("GET /x HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n");
    let mut answer = [0; 4096];
    timed(rounds, || {
        let mut stream = TcpStream::connect(server)?;
        stream.write_all(request.as_bytes())?;
        while stream.read(&mut answer)? > 0 {}
        Ok(())
    })
}

/// Milliseconds of CPU for a socket, a question, the answer and the end.
pub(in super::super) fn dns(server: SocketAddr, rounds: u32) -> Result<f64, String> {
    let mut answer = [0; 1232];
    timed(rounds, || {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.send(QUERY)?;
        socket.recv(&mut answer).map(drop)
    })
}

fn timed(rounds: u32, mut exchange: impl FnMut() -> std::io::Result<()>) -> Result<f64, String> {
    let before = own_nanoseconds()?;
    for _ in 0..rounds {
        exchange().map_err(|error| format!("the floor's exchange fails: {error}"))?;
    }
    Ok((own_nanoseconds()? - before) / 1e6 / f64::from(rounds))
}
