//! A real Chromium for the tests of the pages, driven over WebDriver.
//!
//! [`Browser::open`] starts a ChromeDriver of its own on a free port of loopback and a headless Chromium with a fresh
//! profile; both end with the value, also when a test fails. Everything has a deadline: a page is waited for by a
//! condition that is polled, never by a pause. With `CANDOR_SCREENSHOTS` set to a folder, [`Browser::screenshot`]
//! writes PNGs there. Needs Debian's `chromium` and `chromium-driver`; without them a test fails and says so.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::webdriver::Session;

/// How long one command to the browser may take; a cold start on a busy machine is slow.
const COMMAND: Duration = Duration::from_secs(60);
/// How long a browser may take to be gone.
const GOODBYE: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// What the reader prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// On what the page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 1280 by 800.
    Desktop,
    /// 390 by 844 with a finger, two device pixels to one of CSS.
    Phone,
}

impl Screen {
    fn metrics(self, height: Option<i64>) -> Value {
        let (width, own_height, scale, mobile) = match self {
            Self::Desktop => (1280, 800, 1, false),
            Self::Phone => (390, 844, 2, true),
        };
        json!({"width": width, "height": height.unwrap_or(own_height), "deviceScaleFactor": scale, "mobile": mobile})
    }
}

/// A Chromium with one page open.
#[derive(Debug)]
pub(crate) struct Browser {
    session: Session,
    screen: Screen,
    // Dropped in this order: the processes first, then the folder they write to.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens an empty page.
    pub(crate) async fn open(scheme: Scheme, screen: Screen) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let driver = Driver::start(profile.path());
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .map(Value::from);
        let wanted = json!({"goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"}});
        let session = in_time("opening a session", Session::open(driver.port, wanted)).await;
        let browser = Self { session, screen, _driver: driver, _profile: profile };
        browser.look(scheme).await;
        browser.resize(None).await;
        browser
    }

    /// Goes to an address and waits until it has loaded.
    pub(crate) async fn goto(&self, address: &str) {
        in_time(address, self.session.post("url", json!({"url": address}))).await;
    }

    /// The address that the page has now.
    pub(crate) async fn address(&self) -> String {
        in_time("the address", self.session.get("url")).await.as_str().unwrap_or_default().to_string()
    }

    /// Prefers light or dark from now on, without loading the page again.
    pub(crate) async fn look(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Whether the pages that are loaded from now on may run scripts; those of the test itself still run.
    pub(crate) async fn allow_scripts(&self, allowed: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": !allowed})).await;
    }

    /// What the first element that matches shows to the eye; `None` where there is none.
    pub(crate) async fn text(&self, selector: &str) -> Option<String> {
        let script = "const e = document.querySelector(arguments[0]); return e && e.innerText;";
        self.run(script, vec![selector.into()]).await.as_str().map(str::to_string)
    }

    /// How many elements match.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length;";
        self.run(script, vec![selector.into()]).await.as_u64().expect("a count is a number")
    }

    /// Waits until the first element that matches shows this text, and returns all it shows.
    pub(crate) async fn wait_for_text(&self, selector: &str, wanted: &str, limit: Duration) -> String {
        let begun = Instant::now();
        loop {
            let seen = self.text(selector).await;
            match seen {
                Some(text) if text.contains(wanted) => return text,
                seen if begun.elapsed() > limit => {
                    panic!(
                        "after {limit:?} {selector} does not say {wanted:?} but {seen:?}\n{}",
                        self.all().await
                    )
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Waits until a condition in the page's own words (a JavaScript expression) holds.
    pub(crate) async fn wait_until(&self, condition: &str, limit: Duration) {
        let begun = Instant::now();
        let script = format!("return Boolean({condition});");
        while self.run(&script, Vec::new()).await != Value::Bool(true) {
            assert!(begun.elapsed() <= limit, "after {limit:?}: not {condition}\n{}", self.all().await);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Clicks the first element that matches, as a reader would: it must be visible.
    pub(crate) async fn click(&self, selector: &str) {
        in_time(selector, self.session.click(selector)).await;
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        in_time(script, self.session.post("execute/sync", json!({"script": script, "args": arguments}))).await
    }

    /// Whether the page is wider than the screen: a reader would have to scroll sideways.
    pub(crate) async fn is_too_wide(&self) -> bool {
        let script = "return document.documentElement.scrollWidth > window.innerWidth;";
        self.run(script, Vec::new()).await == Value::Bool(true)
    }

    /// The addresses of everything that the page has loaded, the page itself left out.
    pub(crate) async fn loaded(&self) -> Vec<String> {
        let script = "return performance.getEntriesByType('resource').map(entry => entry.name);";
        let names = self.run(script, Vec::new()).await;
        names.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_string)).collect()
    }

    /// What the browser complained of since it was last asked: errors of scripts, files that do not load, things that
    /// a Content-Security-Policy forbids.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = in_time("the log", self.session.post("se/log", json!({"type": "browser"}))).await;
        log.as_array().into_iter().flatten().map(Value::to_string).collect()
    }

    /// Presses a key that has no letter, such as `Tab`.
    pub(crate) async fn press(&self, key: &str, code: u8) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.devtools("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Takes a screen of this many pixels of CSS, until it is sized otherwise.
    pub(crate) async fn widen(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Writes what the screen shows to `NAME.png` in the folder that `CANDOR_SCREENSHOTS` names, if it names one.
    pub(crate) async fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("CANDOR_SCREENSHOTS") else { return };
        let picture = in_time("a screenshot", self.session.screenshot()).await;
        std::fs::create_dir_all(&folder).expect("the folder for screenshots can be made");
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture)
            .expect("a screenshot can be written");
    }

    /// The same of the whole page, to its end.
    pub(crate) async fn screenshot_whole(&self, name: &str) {
        let height = self.run("return document.documentElement.scrollHeight;", Vec::new()).await.as_i64();
        self.resize(height).await;
        self.screenshot(name).await;
        self.resize(None).await;
    }

    /// Sends a command of the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        in_time(command, self.session.post("goog/cdp/execute", body)).await
    }

    /// Ends the session in good order; dropping the value ends it too.
    pub(crate) async fn close(self) {
        in_time("closing", self.session.close()).await;
    }

    async fn resize(&self, height: Option<i64>) {
        self.devtools("Emulation.setDeviceMetricsOverride", self.screen.metrics(height)).await;
    }

    /// All that the page shows, for the message of a test that fails.
    async fn all(&self) -> String {
        self.text("body").await.unwrap_or_default()
    }
}

/// Fails the test where the browser does not answer or answers with an error.
async fn in_time<T>(what: &str, answer: impl Future<Output = Result<T, String>>) -> T {
    match tokio::time::timeout(COMMAND, answer).await {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => panic!("the browser refuses ({what}): {error}"),
        Err(_) => panic!("the browser does not answer within {COMMAND:?} ({what})"),
    }
}

/// A ChromeDriver process; it and the browsers it has started end with the value.
#[derive(Debug)]
struct Driver {
    process: Child,
    port: u16,
    /// The flag by which our browser is told from every other on the machine.
    mark: String,
}

impl Driver {
    fn start(profile: &Path) -> Self {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", profile)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = started.unwrap_or_else(|error| {
            panic!("chromedriver does not start ({error}): install Debian's chromium-driver and chromium")
        });
        let output = process.stdout.take().expect("its output is a pipe");
        let mark = format!("--user-data-dir={}", profile.display());
        let mut driver = Self { process, port: 0, mark };
        driver.port = announced_port(output);
        driver
    }
}

/// The port in "ChromeDriver was started successfully on port 12345."; the rest of the output is read and dropped.
fn announced_port(output: impl std::io::Read + Send + 'static) -> u16 {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let port =
                line.split_once("successfully on port ").map(|(_, rest)| rest.trim_end_matches('.').parse());
            if let Some(Ok(port)) = port {
                // Whoever waited may have given up already.
                let _ = sender.send(port);
            }
        }
    });
    receiver.recv_timeout(COMMAND).expect("chromedriver says its port")
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        // A driver that is killed leaves its browser behind, and one that was asked nicely leaves it for a moment.
        let begun = Instant::now();
        while begun.elapsed() < GOODBYE {
            let left = browsers(&self.mark);
            if left.is_empty() {
                return;
            }
            drop(Command::new("kill").arg("-KILL").args(left).stderr(Stdio::null()).status());
            std::thread::sleep(POLL);
        }
    }
}

/// The processes whose command line has this flag: a browser is found by its profile, which is ours alone.
fn browsers(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let ours = words.split(|byte| *byte == 0).any(|word| word == mark.as_bytes());
        if ours && id.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push(id);
        }
    }
    found
}
