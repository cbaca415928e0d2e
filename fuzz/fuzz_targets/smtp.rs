//! What a mail server says, part by part, in answer to a dialogue of ours over loopback. The first byte picks the journey.
#![no_main]

use std::cell::LazyCell;

use candor_fuzz::loopback::{Manner, Stand};
use candor_fuzz::parts;
use libfuzzer_sys::fuzz_target;

const PLAN: &str = r#"
resolve: {pinned: {mail.example: 127.0.0.1}}
defaults: {timeout: 1s, deadline: 2s}
services:
- id: mail
  allow_hosts: [127.0.0.1, mail.example]
  capabilities:
    plain: {journey: [{smtp: "mail.example:PORT", starttls: never}]}
    offered: {journey: [{smtp: "mail.example:PORT", starttls: offered}]}
    sign-in: {journey: [{smtp: "mail.example:PORT", starttls: required, sign_in: {user: "${PROBE_USER}", password: "${SECRET}"}}]}
"#;

thread_local! {
    static STAND: LazyCell<Stand> = LazyCell::new(|| Stand::new(PLAN));
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, said)) = data.split_first() else { return };
    STAND.with(|stand| stand.run(*choice, Manner::Talks, &parts(said)));
});
