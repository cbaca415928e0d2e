//! Documents: kept, fetched, changed by two at once.

use serde_json::json;

use crate::estate;
use crate::person::Person;

#[tokio::test]
async fn a_document_is_kept_with_its_versions_and_never_written_over_unseen() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let two = Person::new(&estate, "customer-2").await;
    let path = "/documents/Plan%20for%20M%C3%A4rz.txt";
    let first = one.send("PUT", "docs", path, &[("if-none-match", "*")], "one").await;
    assert_eq!((first.status, first.json()["version"].as_u64()), (201, Some(1)), "{}", first.text());
    let etag = first.header("etag").to_owned();
    assert_eq!(one.send("PUT", "docs", path, &[("if-none-match", "*")], "other").await.status, 412);
    let second = one.send("PUT", "docs", path, &[("if-match", &etag)], "two").await;
    assert_eq!((second.status, second.json()["version"].as_u64()), (200, Some(2)));
    assert_eq!(one.send("PUT", "docs", path, &[("if-match", &etag)], "lost?").await.status, 412);

    let fetched = one.get("docs", path).await;
    assert_eq!((fetched.status, fetched.text().as_str()), (200, "two"));
    assert_eq!(fetched.header("etag"), second.header("etag"));
    let same = one.send("GET", "docs", path, &[("if-none-match", second.header("etag"))], "").await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(one.get("docs", &format!("{path}?version=1")).await.text(), "one");
    assert_eq!(
        one.get("docs", &format!("{path}/versions")).await.json()["versions"].as_array().unwrap().len(),
        2
    );
    let list = one.get("docs", "/documents").await.json();
    assert_eq!(list["documents"][0]["name"], "Plan for März.txt");

    assert_eq!(
        (two.get("docs", path).await.status, two.get("docs", "/documents").await.json()),
        (404, json!({ "documents": [] }))
    );
    assert_eq!(one.send("DELETE", "docs", path, &[("if-match", &etag)], "").await.status, 412);
    assert_eq!(one.send("DELETE", "docs", path, &[], "").await.status, 204);
    assert_eq!(one.get("docs", path).await.status, 404);
    estate.stop().await;
}

#[tokio::test]
async fn what_is_too_large_or_has_no_name_is_refused_and_content_is_no_page() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    let large = "x".repeat(1024 * 1024 + 1);
    assert_eq!(one.send("PUT", "docs", "/documents/large", &[], &large).await.status, 413);
    assert_eq!(one.send("PUT", "docs", "/documents/large", &[], &"x".repeat(1024 * 1024)).await.status, 201);
    for name in [".hidden", "a%2Fb", "a%00b", "%3Cb%3E"] {
        let reply = one.send("PUT", "docs", &format!("/documents/{name}"), &[], "x").await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (422, Some("name")), "{name}");
    }
    assert_eq!(
        one.send("PUT", "docs", "/documents/page.html", &[], "<script>alert(1)</script>").await.status,
        201
    );
    let raw = one.get("docs", "/documents/page.html").await;
    assert_eq!(
        (raw.header("content-type"), raw.header("x-content-type-options")),
        ("application/octet-stream", "nosniff")
    );
    let page = one.look("docs", "/documents/page.html").await.text();
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>"), "{page}");
    let nobody = Person::nobody(&estate);
    assert_eq!(nobody.get("docs", "/documents").await.status, 401);
    assert!(nobody.look("docs", "/").await.text().contains("Sign in"));
    estate.stop().await;
}

#[tokio::test]
async fn people_write_and_change_a_document_by_its_page() {
    let estate = estate().await;
    let one = Person::new(&estate, "customer-1").await;
    assert_eq!(one.form("docs", "/", "name=List&text=eggs").await.status, 303);
    assert!(one.look("docs", "/").await.text().contains("List"));
    let page = one.look("docs", "/documents/List").await.text();
    let etag = page
        .split("name=\"etag\" value=\"")
        .nth(1)
        .unwrap()
        .split("\">")
        .next()
        .unwrap()
        .replace("&#34;", "%22");
    assert_eq!(one.form("docs", "/", &format!("name=List&text=milk&etag={etag}")).await.status, 303);
    let stale = one.form("docs", "/", &format!("name=List&text=lost&etag={etag}")).await;
    assert!(stale.status == 412 && stale.text().contains("That did not work"), "{}", stale.text());
    assert_eq!(one.get("docs", "/documents/List").await.text(), "milk");
    estate.stop().await;
}
