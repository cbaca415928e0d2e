//! A config with ten different mistakes reports all ten in one run, each at its place.

mod common;

use candor_config::{Source, resolve};

const TEN: &str = r#"page:
  titel: Shop status
  url: https://status.shop.example
places: [gb, us]
vantages:
  london: {in: uk}
defaults:
  every: 30
services:
  - id: App Store
    capabilities:
      browse:
        journey:
          - get: {place}
  - id: shop
    capabilities:
      buy:
        every: 1m
        deadline: 2m
        journey:
          - post: https://buy.shop.example/{place}/orders
            headers: {authorization: "Bearer {token}"}
            json: {password: "${NO_SUCH_VARIABLE}"}
            expect: {status: 2000}
names:
  - zone: shop.example
"#;

#[test]
fn ten_mistakes_are_reported_in_one_run_each_at_its_place() {
    let source = Source::of_text("candor.yaml", TEN);
    let faults = resolve(&source, &common::environment(), common::now()).expect_err("ten mistakes");
    let places: Vec<(usize, usize, &str)> =
        faults.0.iter().map(|f| (f.line, f.column, f.text.as_str())).collect();
    assert_eq!(
        places,
        [
            (2, 3, "titel"),
            (3, 8, "https://status.shop.example"),
            (6, 16, "uk"),
            (8, 10, "30"),
            (10, 9, "App Store"),
            (14, 18, "{place}"),
            (19, 19, "2m"),
            (22, 46, "{token}"),
            (23, 31, "${NO_SUCH_VARIABLE}"),
            (24, 30, "2000"),
        ]
    );
    let rendered = faults.render(&source, false);
    assert!(rendered.lines().all(|line| line.chars().count() <= 80), "{rendered}");
    insta::assert_snapshot!("ten_faults", rendered);
    assert_eq!(faults.to_json()[0]["line"], 2);
    assert!(faults.render(&source, true).contains('\u{1b}'));
}
