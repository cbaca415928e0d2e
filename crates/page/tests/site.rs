//! The site: what the public never sees, what every page holds, what it weighs.

#![expect(clippy::unwrap_used, reason = "tests")]

mod scenes;

use std::io::Write as _;
use std::sync::Arc;

use candor_core::fault::Kind;
use candor_core::id::ServiceId;
use candor_core::incident::IncidentState;
use candor_core::model::ShowFaults;
use candor_core::saying::Fares;
use candor_core::verdict::Verdict;
use candor_core::view::{Day, ServiceView, View};
use candor_page::{Audience, File, LIVE_PATH, Language, STATUS_PATH, Site, render, status_json};

use scenes::{Like, MARKUP, SECRET, WELL};

fn site(view: &View, audience: Audience) -> Vec<File> {
    render(view, audience, Language::English)
}

fn text(file: &File) -> &str {
    std::str::from_utf8(&file.body).unwrap()
}

fn page<'a>(files: &'a [File], path: &str) -> &'a str {
    text(files.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("no file {path}")))
}

fn is_page(file: &&File) -> bool {
    file.media_type.starts_with("text/html")
}

#[test]
fn the_public_sees_no_address_no_detail_no_target_and_no_evidence() {
    for (name, mut view) in scenes::all() {
        for show in [ShowFaults::Words, ShowFaults::Kinds] {
            view.show = show;
            for file in site(&view, Audience::Public) {
                for hidden in [SECRET, "secret evidence", "buy.shop.example", "asked for", "mumbai"] {
                    assert!(!text(&file).contains(hidden), "{name} {}: {hidden}", file.path);
                }
            }
        }
    }
}

#[test]
fn details_are_public_only_where_the_plan_says_so() {
    let mut view = scenes::trouble();
    view.show = ShowFaults::Details;
    let json = status_json(&view, Audience::Public, Language::English);
    let json = String::from_utf8(json).unwrap();
    assert!(json.contains("asked for 192.0.2.77"));
    assert!(!json.contains("192.0.2.77:443") && !json.contains("secret evidence"));
}

#[test]
fn operators_see_votes_faults_addresses_and_evidence() {
    let files = site(&scenes::trouble(), Audience::Operators);
    for path in ["/", "/services/app-store"] {
        let page = page(&files, path);
        for shown in
            ["192.0.2.77:443", "secret evidence", "dns.nxdomain", "those who publish the DNS zone", "mumbai"]
        {
            assert!(page.contains(shown), "{path}: {shown}");
        }
    }
    assert!(page(&files, STATUS_PATH).contains(r#""act":"zone_owner""#));
}

#[test]
fn a_refused_config_is_told_to_operators_alone() {
    let view = scenes::silent();
    assert!(!page(&site(&view, Audience::Public), "/").contains("configuration was refused"));
    assert!(page(&site(&view, Audience::Operators), "/").contains("configuration was refused"));
}

#[test]
fn markup_from_anywhere_stays_text() {
    let mut view = scenes::trouble();
    view.title = MARKUP.into();
    let first = Arc::make_mut(view.services.first_mut().unwrap());
    first.name = format!("\"'{MARKUP}");
    first.group = Some(MARKUP.into());
    for audience in [Audience::Public, Audience::Operators] {
        for file in site(&view, audience).iter().filter(is_page) {
            let page = text(file);
            assert!(!page.contains("<script>") && !page.contains("<img"), "{}", file.path);
            assert_eq!(page.matches("</main>").count(), 1, "{}", file.path);
        }
    }
}

#[test]
fn the_picture_of_a_cause_is_a_file_of_its_own_that_the_status_names() {
    let view = scenes::outage();
    let files = site(&view, Audience::Public);
    let status: serde_json::Value =
        serde_json::from_slice(&status_json(&view, Audience::Public, Language::English)).unwrap();
    let named: Vec<&str> = status["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|incident| incident["cause"]["picture"].as_str())
        .collect();
    let drawn: Vec<&File> = files.iter().filter(|file| file.path.ends_with("/cause.svg")).collect();
    assert_eq!(drawn.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), named);
    assert!(!drawn.is_empty());
    for file in drawn {
        assert_eq!(file.media_type, "image/svg+xml");
        assert!(file.csp().contains("style-src 'unsafe-inline'") && !file.csp().contains("script-src"));
        assert!(text(file).starts_with("<svg") && text(file).contains("shop.example"), "{}", text(file));
    }
    let site = Site::new(Arc::new(view), Audience::Public, Language::English);
    for path in ["/incidents/4000/cause.svg", "/incidents//cause.svg", "/incidents/cause.svg"] {
        assert!(!site.has(path), "{path}");
    }
}

#[test]
fn no_page_needs_what_the_policy_forbids() {
    for (name, view) in scenes::all() {
        for file in site(&view, Audience::Operators).iter().filter(is_page) {
            let page = text(file);
            for tag in page.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
                let place = || format!("{name} {}: <{tag}>", file.path);
                assert!(!tag.contains(" style=") && !tag.starts_with("style"), "{}", place());
                assert!(!tag.contains(" onload=") && !tag.contains(" onclick="), "{}", place());
                assert!(!tag.contains("href=\"http") && !tag.contains("src=\"http"), "{}", place());
                assert!(!tag.starts_with("script") || tag.contains(" src=\"/"), "{}", place());
            }
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    for (name, view) in scenes::all() {
        let files = site(&view, Audience::Public);
        for file in files.iter().filter(is_page) {
            for rest in text(file).split("href=\"/").skip(1) {
                let link = rest.split(['"', '#']).next().unwrap();
                let path = format!("/{link}");
                assert!(files.iter().any(|f| f.path == path), "{name} {}: {path}", file.path);
            }
        }
    }
}

#[test]
fn every_mark_has_its_word_beside_it() {
    let files = site(&scenes::outage(), Audience::Public);
    let page = page(&files, "/");
    for word in ["works", "not known", "impaired", "out of order"] {
        assert!(page.contains(word), "{word}");
    }
    let tiles = page.matches("<li><a data-v=").count();
    let worded = page.matches("<span class=\"sr w\"> ").count();
    assert!(tiles > 0 && worded >= tiles, "{worded} words for {tiles} tiles");
}

#[test]
fn the_title_carries_the_verdict_in_a_word() {
    for (view, title) in [
        (scenes::calm(), "<title>All works · Shop status</title>"),
        (scenes::outage(), "<title>Outage · Shop status</title>"),
        (scenes::silent(), "<title>Not known · Shop status</title>"),
    ] {
        assert!(page(&site(&view, Audience::Public), "/").contains(title), "{title}");
    }
}

#[test]
fn without_script_the_page_says_until_when_it_holds_and_renews_itself() {
    let files = site(&scenes::trouble(), Audience::Public);
    let page = page(&files, "/");
    assert!(page.contains("holds until <time datetime=\"2015-03-11T09:13:10Z\">09:13:10 UTC</time>"));
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>"));
}

#[test]
fn nothing_is_green_on_a_page_about_silence() {
    let files = site(&scenes::silent(), Audience::Public);
    for file in files.iter().filter(is_page) {
        assert!(!text(file).contains("data-v=\"operational\"") || file.path == "/", "{}", file.path);
    }
    // On the front page only the legend shows the green mark.
    assert_eq!(page(&files, "/").matches("data-v=\"operational\"").count(), 1);
}

#[test]
fn an_operators_claim_stands_beside_what_was_measured() {
    let files = site(&scenes::trouble(), Audience::Public);
    for path in ["/", "/incidents/7"] {
        let page = page(&files, path);
        assert!(page.contains("Our measurements did not agree"), "{path}");
        assert!(page.contains("<li>Buying from the App Store in India</li>"), "{path}");
    }
}

#[test]
fn intended_downtime_shows_what_is_measured_beneath() {
    let files = site(&scenes::downtime(), Audience::Public);
    let page = page(&files, "/");
    assert!(page.contains("Intended downtime (Launch) until 12:00 UTC. We keep measuring beneath it."));
    assert!(page.contains("<li data-v=\"outage\">"), "what is measured beneath");
    assert!(page.contains("Everything outside of intended"), "the answer does not pass it over");
}

#[test]
fn downtime_that_covers_a_whole_service_is_told_once_on_its_page() {
    let mut view = scenes::downtime();
    let told = |view: &View| {
        let files = site(view, Audience::Public);
        let main = page(&files, "/services/app-store").split("<main").nth(1).unwrap();
        main.matches("Intended downtime (Launch)").count()
    };
    assert_eq!(told(&view), 1);
    Arc::make_mut(view.services.first_mut().unwrap())
        .capabilities
        .first_mut()
        .unwrap()
        .cells
        .first_mut()
        .unwrap()
        .maintenance = None;
    assert_eq!(told(&view), 1 + 15, "above, and beside each of the cells that it covers");
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    for (name, view) in scenes::all() {
        assert_eq!(site(&view, Audience::Operators), site(&view.clone(), Audience::Operators), "{name}");
    }
}

#[test]
fn a_renewed_lease_changes_no_version_and_a_changed_verdict_does() {
    let version = |view: &View| {
        let files = site(view, Audience::Public);
        let live: serde_json::Value = serde_json::from_str(page(&files, LIVE_PATH)).unwrap();
        live.get("version").unwrap().clone()
    };
    let view = scenes::calm();
    let mut renewed = view.clone();
    renewed.as_of = Some(scenes::at("2015-03-11T09:12:34Z"));
    renewed.valid_until = Some(scenes::at("2015-03-11T09:13:40Z"));
    assert_eq!(version(&view), version(&renewed));
    let cells = renewed
        .services
        .iter_mut()
        .flat_map(|s| &mut Arc::make_mut(s).capabilities)
        .flat_map(|c| &mut c.cells);
    cells.for_each(|cell| cell.measured = Verdict::Unknown);
    assert_ne!(version(&view), version(&renewed));
}

#[test]
fn the_page_that_is_shown_is_marked_in_the_navigation() {
    let files = site(&scenes::trouble(), Audience::Public);
    let marked = |path| page(&files, path).matches("aria-current=\"page\"").count();
    assert!(page(&files, "/").contains("<a href=\"/\" aria-current=\"page\">"));
    assert!(page(&files, "/history").contains("<a href=\"/history\" aria-current=\"page\">"));
    assert_eq!(["/", "/history", "/incidents/7"].map(marked), [1, 1, 0]);
}

#[test]
fn the_page_of_a_service_puts_trouble_first() {
    let mut view = scenes::trouble();
    let files = site(&view, Audience::Public);
    let service = page(&files, "/services/app-store");
    let heads: Vec<_> = service.split("<h2 data-v=\"").skip(1).filter_map(|h| h.split('"').next()).collect();
    assert_eq!(heads, ["outage", "outage", "degraded", "operational"]);
    let first = service.split("<tr").find(|row| row.contains("id=\"in-")).unwrap();
    assert!(first.contains("data-v=\"outage\" id=\"in-in\""), "India, where it fails: {first}");
    // Where all fares alike, the plan's order stays.
    view = scenes::calm();
    let files = site(&view, Audience::Public);
    let calm = page(&files, "/services/app-store");
    assert!(calm.find("</svg>Browse").unwrap() < calm.find("</svg>Buy").unwrap());
}

#[test]
fn what_goes_on_has_lasted_so_far_and_what_is_over_has_lasted() {
    let files = site(&scenes::outage(), Audience::Public);
    assert!(page(&files, "/incidents/7").contains("<dd>18 minutes so far</dd>"));
    assert!(page(&files, "/").contains("<span>18 minutes so far</span>"));
    assert!(page(&files, "/incidents/6").contains("<dd>1 hour 14 minutes</dd>"));
}

#[test]
fn an_incident_of_which_nothing_was_said_yet_tells_what_is_measured() {
    let mut view = scenes::outage();
    view.incidents.iter_mut().for_each(|i| i.updates.clear());
    let files = site(&view, Audience::Public);
    let first = |path| {
        let told = page(&files, path).split("<p class=\"text\">").nth(1).unwrap();
        told.split("</p>").next().unwrap()
    };
    assert_eq!(
        first("/incidents/7"),
        "Failing: buying from 5 services in all 41 places (its name cannot be found), being looked into."
    );
    assert_eq!(
        first("/incidents/6"),
        "Trouble with signing in to Sign-in in the United Kingdom (its name cannot be found)."
    );
    let json = page(&files, STATUS_PATH);
    assert!(!json.contains("being looked into"), "nobody has said it");
}

#[test]
fn an_open_page_that_goes_stale_uses_the_servers_words() {
    let files = site(&scenes::calm(), Audience::Public);
    let silent = site(&scenes::silent(), Audience::Public);
    assert!(page(&files, "/").contains("data-stale-whole=\"Not known\""));
    assert!(page(&silent, "/").contains("<p class=\"word\">Not known</p>"));
    assert!(page(&files, "/services/app-store").contains("data-stale-word=\"not known\""));
    assert!(
        page(&silent, "/services/app-store")
            .contains("<p class=\"word\"><span class=\"w\">not known</span></p>")
    );
}

#[test]
fn what_fails_alike_in_every_place_is_one_line_and_places_are_drawn_only_where_they_differ() {
    let since = |text| Like { fares: Fares::Fails(Kind::DnsNxdomain), since: Some(text) };
    let shop = |india| {
        let mut view = scenes::view(1, 4, 41, |_, deed, place| match (deed, place) {
            (1, 3) => india,
            (1, 0) => since("2015-03-11T08:55:30Z"),
            (1, _) => since("2015-03-11T08:54:50Z"),
            _ => WELL,
        });
        view.show = ShowFaults::Kinds;
        let files = site(&view, Audience::Public);
        let front = page(&files, "/");
        let (_, rows) = front.split_once("<ul class=\"rows\">").unwrap();
        let (rows, _) = rows.split_once("<div class=\"row-of\">").unwrap();
        (rows.matches("<li data-v=").count(), rows.matches("class=\"tiles\"").count())
    };
    assert_eq!(shop(since("2015-03-11T08:54:50Z")), (1, 0), "the spread of a minute is one outage");
    assert_eq!(shop(since("2015-03-11T08:20:00Z")), (2, 0), "India was out long before the rest");
    assert_eq!(shop(WELL), (1, 1), "one place works, and the drawing shows which");
}

#[test]
fn fifteen_services_in_41_places_stay_light() {
    let files = site(&scenes::outage(), Audience::Public);
    let front = files.iter().find(|f| f.path == "/").unwrap();
    let packed = packed(&front.body);
    assert!(front.body.len() < 300_000, "front page: {} bytes", front.body.len());
    assert!(packed < 24_000, "front page, packed: {packed} bytes");
    let script = files.iter().find(|f| f.path.ends_with(".js")).unwrap();
    assert!(self::packed(&script.body) < 4_096, "the script goes out in less than 4 KiB");
}

fn packed(body: &[u8]) -> usize {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap().len()
}

#[test]
fn nothing_worked_all_of_the_time_beside_a_failure_that_history_does_not_know_yet() {
    let mut view = scenes::calm();
    let whole = |view: &View| {
        let files = site(view, Audience::Public);
        page(&files, "/services/app-store").matches("Worked 100 % of the time").count()
    };
    let service = Arc::make_mut(view.services.first_mut().unwrap());
    let well = |days: &mut Arc<Vec<Day>>| {
        let days = Arc::make_mut(days);
        days.retain(|day| day.outage_s + day.degraded_s + day.unknown_s == 0);
    };
    well(&mut service.history);
    service.capabilities.iter_mut().for_each(|c| well(&mut c.history));
    assert!(whole(&view) > 0, "a past without trouble is whole");
    let service = Arc::make_mut(view.services.first_mut().unwrap());
    service.verdict = Verdict::Outage;
    for capability in &mut service.capabilities {
        capability.verdict = Verdict::Outage;
        capability.cells.iter_mut().for_each(|cell| cell.measured = Verdict::Outage);
    }
    assert_eq!(whole(&view), 0);
    assert!(page(&site(&view, Audience::Public), "/").contains("Worked 99.99 % of the time"));
}

#[test]
fn what_is_measured_working_again_is_watched_and_not_going_on() {
    let mut view = scenes::outage();
    view.incidents.iter_mut().filter(|i| i.state.is_open()).for_each(|i| i.state = IncidentState::Monitoring);
    let files = site(&view, Audience::Public);
    let front = page(&files, "/");
    assert!(front.contains("Being watched") && front.contains("Works again, being watched"));
    assert!(!front.contains("Going on now"));
}

/// Ten thousand services in fifty groups; every hundredth one is out.
fn thousands() -> View {
    let mut view = scenes::calm();
    let model = ServiceView::clone(view.services.first().unwrap());
    view.services = (0..10_000)
        .map(|n| {
            let mut service = model.clone();
            service.id = ServiceId::new(&format!("s{n}")).unwrap();
            service.name = format!("Service {n}");
            service.group = Some(format!("Group {}", n % 50));
            if n % 100 == 7 {
                service.verdict = Verdict::Outage;
            }
            Arc::new(service)
        })
        .collect();
    view
}

#[test]
fn ten_thousand_services_have_a_front_page_of_bounded_size_and_a_page_with_all() {
    let site = Site::new(Arc::new(thousands()), Audience::Public, Language::English);
    let front = site.render("/").unwrap();
    let shown = text(&front);
    assert!(front.body.len() < 700_000, "front page: {} bytes", front.body.len());
    assert!(packed(&front.body) < 60_000, "front page, packed: {} bytes", packed(&front.body));
    assert_eq!(shown.matches("<article class=\"service\"").count(), 50, "trouble in full, as far as it goes");
    assert!(!shown.contains("<article class=\"service\" data-v=\"operational\""));
    assert!(shown.contains("<a href=\"/services\">All 10000 services</a>"));
    let all = site.render("/services").unwrap();
    assert_eq!(text(&all).matches("href=\"/services/").count(), 10_000);
    assert!(all.body.len() < 3_000_000 && packed(&all.body) < 250_000, "{} bytes", all.body.len());
    assert!(site.has("/services/s9999") && !site.has("/services/s10000"));
}

#[test]
fn an_incident_of_ten_thousand_cells_is_told_in_a_moment() {
    let mut view = thousands();
    let keys = view
        .services
        .iter()
        .flat_map(|s| &s.capabilities)
        .flat_map(|c| &c.cells)
        .take(41)
        .map(|cell| cell.key.clone())
        .collect::<Vec<_>>();
    let mut incident = scenes::outage().incidents.first().unwrap().clone();
    let first = incident.cells.first().unwrap().clone();
    incident.cells = (0..10_000)
        .zip(keys.iter().cycle())
        .map(|(n, key)| {
            let mut part = first.clone();
            part.cell = key.clone();
            part.cell.service = ServiceId::new(&format!("s{n}")).unwrap();
            part
        })
        .collect();
    view.incidents = vec![incident];
    let site = Site::new(Arc::new(view), Audience::Public, Language::English);
    // Were any of it a search for each cell, this would take minutes.
    for path in ["/", STATUS_PATH, "/history", "/incidents/7"] {
        assert!(site.render(path).is_some(), "{path}");
    }
}
