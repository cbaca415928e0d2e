//! Bytes on the sockets of a running hub: the public site where the first byte is even, the operators' where it is odd.
//! It answers in HTTP or not at all, and goes on answering.
#![no_main]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use candor_core::id::CheckId;
use candor_core::observation::Run;
use candor_hub::{Hub, HubOptions, Origin};
use candor_probe::{BoxFuture, CheckSchedule, Probe};
use libfuzzer_sys::fuzz_target;

const PLAN: &str = "
page: {listen: \"127.0.0.1:0\"}
operate: {listen: \"127.0.0.1:0\"}
services: [{id: shop, capabilities: {buy: {journey: [{ping: 192.0.2.1}]}}}]
";
/// Most bytes read of an answer: more than any page of this plan.
const ANSWER_MAX: u64 = 4 << 20;
const WITHIN: Option<Duration> = Some(Duration::from_secs(4));

/// A probe without checks.
struct Idle;

impl Probe for Idle {
    fn checks(&self) -> Vec<CheckSchedule> {
        Vec::new()
    }

    fn run(&self, _: CheckId) -> BoxFuture<'static, Run> {
        Box::pin(std::future::pending())
    }
}

static HUB: LazyLock<[SocketAddr; 2]> = LazyLock::new(|| {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let folder = tempfile::tempdir().expect("a folder, because the temporary one is writable");
        let config = folder.path().join("candor.yaml");
        std::fs::write(&config, PLAN).expect("a file, because the folder is ours");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime, because it is the first");
        runtime.block_on(async {
            let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
            let ledger = Some(folder.path().join("candor.db"));
            let options =
                HubOptions { origin: Origin::Files(config), listen: any, operate_listen: any, ledger };
            let hub = Hub::start_with(options, Arc::new(|_| Arc::new(Idle))).await;
            let hub = hub.expect("a hub, because its config and its ledger are ours");
            let told = tell.send([hub.public_address(), hub.operators_address()]);
            told.expect("a listener, because the fuzzer waits for it");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("two addresses, because the hub has started")
});

fuzz_target!(|data: &[u8]| {
    let Some((choice, said)) = data.split_first() else { return };
    let address = HUB[usize::from(choice & 1)];
    let answer = ask(address, said).expect("an answer or an end, because a hub closes what is not HTTP");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "neither HTTP nor nothing");
    if answer.is_empty() {
        let healthy = ask(HUB[1], b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(
            healthy.is_ok_and(|text| text.starts_with(b"HTTP/1.1 200")),
            "the hub does not answer any more"
        );
    }
});

/// Says all, says that it is all, and reads to the end.
fn ask(address: SocketAddr, said: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(WITHIN)?;
    stream.set_write_timeout(WITHIN)?;
    // It may close before all is said.
    let _ = stream.write_all(said).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match stream.take(ANSWER_MAX).read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error),
        _ => Ok(answer),
    }
}
