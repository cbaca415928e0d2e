//! `candor explain` as users run it, from its own root servers on port 53 down, in a network of the test's own: real servers of
//! three makes, signed from the root, and a resolver that validates.
//!
//! Where the kernel gives no network namespace, the test says so and looks at nothing; in every other case it runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test says by a panic what it missed, helpers outside of its function too; and aloud what it did not look at"
)]

#[path = "../../explain/tests/lab/mod.rs"]
mod lab;
mod support;

use std::process::Command;

use lab::signed::{How, Signed, sign};
use lab::{DELEGATION, Lab, Make, NS1, NS2, RESOLVER, ROOT, SHOP, root_zone, zone_of_test};
use support::candor::run;

/// Port of DNS.
const DNS: u16 = 53;

/// Runs the ignored test `name` of this binary in a network of its own, where loopback is up and nothing listens.
fn run_alone(name: &str) {
    let namespace = ["--net", "--map-root-user"];
    let tried = Command::new("unshare").args(namespace).arg("true").output();
    let tried = tried.expect("unshare must be installed for this test: Debian package util-linux");
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr);
        eprintln!(
            "NOT LOOKED AT: the kernel gives this user no network namespace ({}); nothing was tested",
            why.trim()
        );
        return;
    }
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", name])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("running 1 test"),
        "this test needs the program ip: Debian package iproute2\n{said}{error}"
    );
    assert!(output.status.success() && said.contains("1 passed"), "{said}{error}");
}

/// What `candor explain` says there, and its exit code.
async fn explain(words: &[&str]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.hints"), format!(". NS a.root.\na.root. A {ROOT}\n")).unwrap();
    let mut all = vec!["explain".to_owned(), "--hints".to_owned(), "root.hints".to_owned()];
    all.extend(words.iter().map(|word| (*word).to_owned()));
    let done = tokio::task::spawn_blocking(move || {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let done = run(folder.path(), &all);
        (done.out, done.code)
    });
    done.await.unwrap()
}

/// The lab on port 53: a signed root over a signed `test.` with this delegation, and the key of the root.
async fn lab(delegation: &str) -> (Lab, Signed) {
    let test = sign("test.", &zone_of_test(delegation), How::Well);
    let root = sign(".", &root_zone(&format!("{}\n", test.ds)), How::Well);
    (Lab::at_port(DNS, &root.zone, &test.zone).await, root)
}

async fn serve(lab: &mut Lab, zone: &str) {
    lab.start(Make::Bind, NS1, &[("shop.test.", zone)]).await;
    lab.start(Make::Nsd, NS2, &[("shop.test.", zone)]).await;
}

#[test]
fn a_whole_tree_on_port_53_is_walked_as_users_walk_it() {
    run_alone("alone::a_tree_of_ones_own");
}

mod alone {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "it runs in the network that the test above makes"]
    async fn a_tree_of_ones_own() {
        let shop = sign("shop.test.", SHOP, How::Well);
        {
            let (mut lab, root) = lab(&format!("{DELEGATION}{}\n", shop.ds)).await;
            serve(&mut lab, &shop.zone).await;
            lab.resolver_from_the_root(&root.ds).await;
            for name in ["www.shop.test", "login.shop.test", "shop.test/MX"] {
                let (said, code) = explain(&[name, "--resolver", RESOLVER]).await;
                assert_eq!(code, Some(0), "{said}");
                assert!(said.starts_with("healthy\n") && !said.contains(" also "), "{said}");
            }
            let (said, code) = explain(&["nobody.shop.test", "--resolver", RESOLVER]).await;
            assert!(code == Some(1) && said.starts_with("F1  "), "{said}");
            // The resolver has it in its cache; then a server dies, and then the other.
            lab.stop(NS2);
            let (said, code) = explain(&["www.shop.test", "--resolver", RESOLVER]).await;
            assert!(code == Some(1) && said.starts_with("F11  "), "{said}");
            assert!(said.contains("ns2.shop.test (127.77.0.13) port closed"), "{said}");
            lab.stop(NS1);
            let (said, code) = explain(&["www.shop.test", "--resolver", RESOLVER]).await;
            assert!(code == Some(1) && said.starts_with("F11  "), "{said}");
            assert!(said.contains("None of the 2 name servers of shop.test can be reached"), "{said}");
        }
        {
            // The zone is not signed with the key that the parent names: whoever validates has nothing.
            let other = sign("shop.test.", SHOP, How::Well);
            let (mut lab, root) = lab(&format!("{DELEGATION}{}\n", other.ds)).await;
            serve(&mut lab, &shop.zone).await;
            let resolver = lab.resolver_from_the_root(&root.ds).await;
            let question = lab::question("www.shop.test", "A");
            let heard =
                candor_names::ask(resolver, &question, &candor_names::AskOptions::default()).await.unwrap();
            assert_eq!(heard.rcode, candor_names::Rcode::SERVFAIL, "the resolver validates: {heard:?}");
            let (said, code) = explain(&["www.shop.test", "--resolver", RESOLVER]).await;
            assert!(code == Some(1) && said.starts_with("F13  "), "{said}");
        }
        let (mut lab, _) = lab("").await;
        serve(&mut lab, &shop.zone).await;
        let (said, code) = explain(&["www.shop.test"]).await;
        assert!(code == Some(1) && said.starts_with("F10  "), "{said}");
    }
}
