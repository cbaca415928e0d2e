//! The board of levers: its page, its JSON, its client, and who may press.

use std::sync::Arc;

use candor_estate::board::client::{self, ClientError};
use candor_estate::{Board, BoardError, BoardOptions, Estate};
use tokio::sync::Mutex;

use crate::customer::Customer;
use crate::estate;

struct Table {
    estate: Arc<Mutex<Estate>>,
    board: Board,
    customer: Customer,
    options: BoardOptions,
    _dir: tempfile::TempDir,
}

async fn table() -> Table {
    let dir = tempfile::tempdir().unwrap();
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let estate = Arc::new(Mutex::new(estate));
    let options = BoardOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        status_url: Some("http://127.0.0.1:7780/".to_owned()),
        handle_file: dir.path().join("demo.json"),
    };
    let board = Board::open(Arc::clone(&estate), options.clone()).await.unwrap();
    Table { estate, board, customer, options, _dir: dir }
}

#[tokio::test]
async fn a_program_breaks_and_mends_through_the_running_board() {
    let table = table().await;
    let board = client::find(&table.options.handle_file).await.unwrap();
    assert_eq!(board, table.board.address());
    assert!(client::list(board).await.unwrap().is_whole());

    let panel = client::pull(board, "name-gone").await.unwrap();
    assert!(panel.levers.iter().all(|lever| lever.pulled == (lever.id == "name-gone")));
    assert!(table.customer.buy("k").await.is_err());
    client::pull(board, "process-dies").await.unwrap();
    assert_eq!(client::mend(board, "name-gone").await.unwrap().pulled(), 1);
    assert!(client::mend_all(board).await.unwrap().is_whole());
    assert_eq!(table.customer.buy("k").await.unwrap().status, 201);

    for odd in ["gravity", "../mend", ""] {
        let error = client::pull(board, odd).await.unwrap_err();
        assert!(
            matches!(&error, ClientError::Refused(words) if words.contains("there are name-gone, ")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_person_presses_buttons_without_script() {
    let table = table().await;
    let home = format!("http://{}", table.board.address());
    let page = table.customer.get(&format!("{home}/")).await.unwrap();
    assert!(page.text().contains("Everything is whole") && page.text().contains("http://127.0.0.1:7780/"));
    assert!(page.text().contains("action=\"/levers/apology/break\""));
    let [.., (_, books)] = table.customer.urls.stores_by_address();
    assert!(page.text().contains(&format!("href=\"{books}\">Book Store</a>")), "{}", page.text());
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));

    let press = [("accept", "text/html"), ("origin", home.as_str()), ("sec-fetch-site", "same-origin")];
    let pressed =
        table.customer.ask("POST", &format!("{home}/levers/apology/break"), &press, "").await.unwrap();
    assert_eq!((pressed.status, pressed.header("location")), (303, "/#apology"));
    assert!(table.customer.front("gb").await.unwrap().text().contains("temporarily unavailable"));
    let page = table.customer.get(&format!("{home}/")).await.unwrap().text();
    assert!(page.contains("One thing is broken") && page.contains("action=\"/levers/apology/mend\""));
}

#[tokio::test]
async fn the_day_is_played_and_stopped_by_buttons() {
    let table = table().await;
    let home = format!("http://{}", table.board.address());
    let page = table.customer.get(&format!("{home}/")).await.unwrap().text();
    assert!(page.contains("action=\"/day/play\"") && !page.contains("http-equiv"), "{page}");
    let press = [("accept", "text/html"), ("origin", home.as_str()), ("sec-fetch-site", "same-origin")];
    let pressed = table.customer.ask("POST", &format!("{home}/day/play"), &press, "").await.unwrap();
    assert_eq!(pressed.status, 303);
    let page = table.customer.get(&format!("{home}/")).await.unwrap().text();
    assert!(page.contains("An ordinary morning") && page.contains("http-equiv=\"refresh\""), "{page}");
    let panel = client::list(table.board.address()).await.unwrap();
    assert_eq!(panel.day.map(|day| (day.step, day.clock)), Some((1, "08:40".to_owned())));
    table.customer.ask("POST", &format!("{home}/day/stop"), &press, "").await.unwrap();
    let panel = client::list(table.board.address()).await.unwrap();
    assert!(panel.is_whole() && panel.day.is_none());
    let odd = table.customer.ask("POST", &format!("{home}/day/night"), &press, "").await.unwrap();
    assert_eq!(odd.status, 404);
}

#[tokio::test]
async fn another_sites_page_cannot_press() {
    let table = table().await;
    let url = format!("http://{}/levers/apology/break", table.board.address());
    for fields in [[("origin", "http://elsewhere.example")], [("sec-fetch-site", "cross-site")]] {
        let reply = table.customer.ask("POST", &url, &fields, "").await.unwrap();
        assert_eq!((reply.status, reply.json()["error"].as_str()), (403, Some("not_from_here")));
    }
    for (method, path, status) in [
        ("GET", "levers/apology/break", 405),
        ("POST", "levers/apology/paint", 404),
        ("POST", "levers/gravity/break", 404),
        ("GET", "nothing", 404),
    ] {
        let url = format!("http://{}/{path}", table.board.address());
        assert_eq!(
            table.customer.ask(method, &url, &[], "").await.unwrap().status,
            status,
            "{method} {path}"
        );
    }
    assert!(client::list(table.board.address()).await.unwrap().is_whole());
}

#[tokio::test]
async fn there_is_one_board_and_without_it_the_client_says_so() {
    let table = table().await;
    let second = Board::open(Arc::clone(&table.estate), table.options.clone()).await.unwrap_err();
    assert!(matches!(second, BoardError::AlreadyOpen { address } if address == table.board.address()));
    let outside = BoardOptions { listen: "192.0.2.1:0".parse().unwrap(), ..table.options.clone() };
    assert!(matches!(
        Board::open(Arc::clone(&table.estate), outside).await,
        Err(BoardError::NotLoopback { .. })
    ));

    let file = table.options.handle_file.clone();
    drop(table.board);
    assert!(!file.exists());
    let error = client::find(&file).await.unwrap_err().to_string();
    assert!(
        error.starts_with("no demo is running") && error.ends_with("start one with: candor demo"),
        "{error}"
    );

    // A handle that leads nowhere any more is replaced.
    std::fs::write(&file, "{\"levers\":\"127.0.0.1:1\",\"pid\":1}").unwrap();
    assert!(client::find(&file).await.is_err());
    let board = Board::open(table.estate, table.options).await.unwrap();
    assert_eq!(client::find(&file).await.unwrap(), board.address());
}
