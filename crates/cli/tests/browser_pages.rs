//! Every page of the demo in trouble, in a real browser: light, dark, on a phone, by keyboard, without scripts.
//!
//! With `CANDOR_SCREENSHOTS` set to a folder, each is written there as a picture.

mod support;

use std::time::Duration;

use serde_json::Value;
use support::browser::{Browser, Scheme, Screen};
use support::demo::Demo;
use support::http::{list, status, text};

/// How long the page may take to tell, on a busy machine.
const TOLD: Duration = Duration::from_secs(60);

/// Marks of a verdict that stand alone: a colour or an icon, and no word beside it for those who do not see it.
const WORDLESS: &str = "
const words = {operational: /works|operational/i, degraded: /impaired|trouble/i, outage: /outage|out of order|fail|trouble/i, unknown: /unknown|not known/i};
return [...document.querySelectorAll('main svg.i[data-v]')].filter(icon => {
  const around = icon.closest('a, li, p, h2, td, summary, section');
  const word = words[icon.dataset.v];
  return word && !word.test(around.textContent + (around.title || ''));
}).map(icon => icon.closest('a, li, p, h2, td, summary, section').outerHTML.slice(0, 300));";

/// What hides a part of itself; a table that scrolls by itself does not.
const CUT_OFF: &str = "
return [...document.querySelectorAll('main *, header *, footer *')].filter(e =>
  e.clientWidth > 0 && !e.closest('pre, thead, .sr, svg') && e.scrollWidth > e.clientWidth + 1
  && ['hidden', 'clip'].includes(getComputedStyle(e).overflowX)).map(e => e.outerHTML.slice(0, 200));";

/// Words that are written on the page, and what they are written on: contrasts below 4.5 to 1 (WCAG 2.2, 1.4.3).
const TOO_FAINT: &str = "
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; }
  return rgb('Canvas'); };
return [...document.querySelectorAll('body *')].filter(e => {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || e.closest('svg, .sr, .skip, noscript, script, style') || !e.getClientRects().length) return false;
  const large = parseFloat(getComputedStyle(e).fontSize) >= 24;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < (large ? 3 : 4.5);
}).map(e => e.outerHTML.slice(0, 160));";

/// What a page must hold whatever it shows and on whatever screen.
async fn assert_sound(browser: &Browser, port: u16, name: &str) {
    assert!(!browser.is_too_wide().await, "{name}: a reader must scroll sideways");
    let origin = format!("http://127.0.0.1:{port}/");
    let strangers: Vec<String> =
        browser.loaded().await.into_iter().filter(|it| !it.starts_with(&origin)).collect();
    assert!(strangers.is_empty(), "{name}: loaded from elsewhere: {strangers:?}");
    for (what, script) in [("no word", WORDLESS), ("cut off", CUT_OFF), ("too faint", TOO_FAINT)] {
        let found = browser.run(script, Vec::new()).await;
        assert_eq!(found, Value::Array(Vec::new()), "{name}: {what}");
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{name}: {complaints:#?}");
}

/// Every page, by name and path; those of the status page first.
fn pages(demo: &Demo) -> Vec<(&'static str, u16, String)> {
    let seen = status(demo.status).expect("the page answers");
    let incident = list(&seen, "/incidents").first().map(|i| i.get("id").cloned().unwrap_or_default());
    let incident = incident.expect("there is an incident");
    vec![
        ("index", demo.status, "/".into()),
        ("incident", demo.status, format!("/incidents/{incident}")),
        ("service", demo.status, "/services/apps".into()),
        ("history", demo.status, "/history".into()),
        ("missing", demo.status, "/no-such-page".into()),
        ("operators", demo.operators, "/".into()),
        ("levers", demo.levers, "/".into()),
    ]
}

async fn look_at_all(demo: &Demo, browser: &Browser, screen: &str) {
    for (name, port, path) in pages(demo) {
        for (scheme, word) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.look(scheme).await;
            browser.goto(&format!("http://127.0.0.1:{port}{path}")).await;
            let name = format!("{name}-{screen}-{word}");
            browser.screenshot_whole(&name).await;
            if path == "/no-such-page" {
                // That it is missing is all that the browser has to complain of.
                assert_eq!(browser.complaints().await.len(), 1, "{name}");
            }
            assert_sound(browser, port, &name).await;
        }
    }
}

/// The answer comes first: in the first screen, in the first heading, in the words of the API.
async fn assert_answer_first(demo: &Demo, browser: &Browser) {
    browser.goto(&format!("http://127.0.0.1:{}/", demo.status)).await;
    let seen = status(demo.status).expect("the page answers");
    let said = browser.text("h1").await.unwrap_or_default().replace('\u{a0}', " ");
    assert_eq!(said, text(&seen, "/words"));
    let top = browser.run("return document.querySelector('h1').getBoundingClientRect().top;", vec![]).await;
    assert!(top.as_f64().is_some_and(|top| top < 300.0), "the answer is {top} pixels down");
    assert_eq!(browser.count("h1").await, 1);
}

/// Every stop of the Tab key can be seen.
async fn assert_focus_visible(browser: &Browser) {
    let focus = "const e = document.activeElement, s = getComputedStyle(e);
        const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
        const r = e.getBoundingClientRect();
        return {where: e.outerHTML.slice(0, 120), ring, seen: r.width > 1 && r.height > 1 && r.left >= 0};";
    let mut last = String::new();
    for _ in 0..8 {
        browser.press("Tab", 9).await;
        let at = browser.run(focus, Vec::new()).await;
        assert_eq!(at.get("ring"), Some(&Value::Bool(true)), "{at}");
        assert_eq!(at.get("seen"), Some(&Value::Bool(true)), "{at}");
        assert_ne!(text(&at, "/where"), last, "the focus moves");
        text(&at, "/where").clone_into(&mut last);
    }
}

/// Breaks the name of buying as a visitor of the levers' page would, and waits until it is told.
async fn break_in_the_browser(demo: &Demo, browser: &Browser) {
    browser.goto(&format!("http://127.0.0.1:{}/", demo.levers)).await;
    browser.click("#name-gone button.break").await;
    browser.wait_for_text("#name-gone .tag", "broken", TOLD).await;
    demo.wait("buying is known to fail everywhere", TOLD, |seen| {
        let buys = list(seen, "/cells").iter().filter(|cell| text(cell, "/capability") == "buy");
        buys.filter(|cell| text(cell, "/measured") == "outage").count() == 16
            && !list(seen, "/incidents").is_empty()
    });
}

#[tokio::test]
async fn every_page_is_sound_on_every_screen_while_something_is_broken() {
    let demo = Demo::start();
    let browser = Browser::open(Scheme::Light, Screen::Desktop).await;
    break_in_the_browser(&demo, &browser).await;
    assert_answer_first(&demo, &browser).await;
    assert_focus_visible(&browser).await;
    look_at_all(&demo, &browser, "desktop").await;
    for (scheme, name) in [(Scheme::Light, "status"), (Scheme::Dark, "status-dark")] {
        browser.look(scheme).await;
        browser.widen(1100, 900).await;
        browser.goto(&format!("http://127.0.0.1:{}/", demo.status)).await;
        browser.screenshot(name).await;
    }
    browser.close().await;
    let phone = Browser::open(Scheme::Light, Screen::Phone).await;
    assert_answer_first(&demo, &phone).await;
    look_at_all(&demo, &phone, "phone").await;
    without_scripts(&demo, &phone).await;
    phone.close().await;
}

/// The page is whole without scripts: the answer, the trouble, and until when it holds.
async fn without_scripts(demo: &Demo, browser: &Browser) {
    browser.allow_scripts(false).await;
    browser.look(Scheme::Light).await;
    assert_answer_first(demo, browser).await;
    let all = browser.text("main").await.unwrap_or_default();
    assert!(all.contains("holds until") || all.contains("Holds until"), "until when it holds is told: {all}");
    assert!(!browser.is_too_wide().await);
    browser.screenshot_whole("index-phone-no-scripts").await;
}
