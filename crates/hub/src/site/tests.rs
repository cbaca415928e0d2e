//! Pages are made once, for whoever waits, and never given out past their time.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::{Engine, Extras};
use candor_core::model::Plan;
use candor_page::{Audience, Language, STATUS_PATH};
use tokio::time::Instant;

use super::{FRONT, Found, IDLE_MAX, Site};
use crate::packed::Codings;
use crate::render::Renderer;

/// A plan of three services, as a config would give it.
fn plan() -> Arc<Plan> {
    let text = "services: [{ids: [a, b, c], template: web}]\n\
                templates: {web: {capabilities: {open: {journey: [{tcp: \"192.0.2.2:80\"}]}}}}\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("candor.yaml");
    std::fs::write(&path, text).unwrap();
    let options = crate::HubOptions {
        origin: crate::Origin::Files(path),
        listen: None,
        operate_listen: None,
        ledger: None,
    };
    crate::config::load(&options, Timestamp::now()).unwrap().plan
}

fn pages() -> candor_page::Site {
    let engine = Engine::new(plan(), Timestamp::now());
    candor_page::Site::new(Arc::new(engine.view(&Extras::default())), Audience::Public, Language::English)
}

fn site(valid_to: Option<Instant>) -> Arc<Site> {
    Arc::new(Site::next(&Site::empty(), pages(), valid_to))
}

fn is_here(site: &Arc<Site>, path: &str) -> bool {
    matches!(site.find(path, Codings::BROTLI), Found::Here(_))
}

#[tokio::test]
async fn a_page_is_made_once_however_many_wait_for_it() {
    let (site, renderer) = (site(None), Renderer::start().unwrap());
    let (go, wait) = mpsc::channel::<()>();
    renderer.try_do(move || assert!(wait.recv().is_err())).unwrap();
    let wants = || {
        let (site, renderer) = (Arc::clone(&site), renderer.clone());
        tokio::spawn(async move { site.make("/services/b", Codings::BROTLI, &renderer).await.unwrap() })
    };
    let waiting: Vec<_> = (0..1_000).map(|_| wants()).collect();
    // The first of them hangs up; the others get the page all the same.
    tokio::task::yield_now().await;
    waiting[0].abort();
    drop(go);
    let mut first = None;
    for one in waiting.into_iter().skip(1) {
        let page = one.await.unwrap();
        assert!(Arc::ptr_eq(&page, first.get_or_insert_with(|| Arc::clone(&page))), "it was made once");
    }
    assert!(is_here(&site, "/services/b"));
    assert!(site.others().coming.is_empty());
}

#[tokio::test]
async fn who_asks_for_more_pages_than_can_be_made_is_told_to_ask_again() {
    let (site, renderer) = (site(None), Renderer::start().unwrap());
    let (_go, wait) = mpsc::channel::<()>();
    renderer.try_do(move || assert!(wait.recv().is_err())).unwrap();
    while renderer.try_do(|| ()).is_ok() {}
    assert!(site.make("/services/a", Codings::PLAIN, &renderer).await.is_err());
}

#[tokio::test]
async fn a_page_that_ran_out_while_it_was_waited_for_is_not_given_out() {
    let renderer = Renderer::start().unwrap();
    let site = site(Some(Instant::now() + Duration::from_millis(50)));
    let (go, wait) = mpsc::channel::<()>();
    renderer.try_do(move || assert!(wait.recv().is_err())).unwrap();
    let making = Arc::clone(&site).make("/services/a", Codings::PLAIN, &renderer);
    let held = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        drop(go);
    };
    assert!(tokio::join!(making, held).0.is_err());
}

#[test]
fn what_nobody_reads_is_not_made_and_what_is_read_is_made_ahead() {
    let mut site = site(None);
    assert!(!is_here(&site, STATUS_PATH), "nobody has asked; this is the first time");
    for _ in 0..IDLE_MAX {
        site = Arc::new(Site::next(&site, pages(), None));
        assert!(
            site.front
                .iter()
                .zip(FRONT)
                .all(|(seat, path)| seat.page.get().is_some() == (path == STATUS_PATH))
        );
    }
    site = Arc::new(Site::next(&site, pages(), None));
    assert!(!is_here(&site, STATUS_PATH), "nobody came back to it");
}

#[tokio::test]
async fn pages_on_demand_take_bounded_memory() {
    let (site, renderer) = (site(None), Renderer::start().unwrap());
    let page = Arc::clone(&site).make("/services/a", Codings::PLAIN, &renderer).await.unwrap();
    for n in 0..10_000 {
        site.keep(&format!("/services/{n}"), &page);
        assert!(site.others().bytes <= super::OTHERS_MAX);
    }
}
