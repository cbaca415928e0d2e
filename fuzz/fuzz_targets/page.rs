//! A view with hostile texts in every place, as it is or past its time, for the public or for operators: pages whose elements and attributes are ours alone, JSON that is JSON, and
//! nothing for the public that is for operators.
#![no_main]

use std::cell::Cell;

use candor_core::view::View;
use candor_fuzz::feed::Feed;
use candor_fuzz::scenery::{self, HIDDEN};
use candor_page::{Audience, File, Language, render};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut feed = Feed::new(data);
    let how = feed.byte();
    let view = scenery::view(&mut feed);
    let audience = if how & 1 == 0 { Audience::Public } else { Audience::Operators };
    if how & 2 == 0 {
        hold(&view, audience);
    } else {
        hold(&view.expired(view.valid_until.or(view.as_of).unwrap_or_default()), audience);
    }
});

fn hold(view: &View, audience: Audience) {
    for file in render(view, audience, Language::English) {
        let text = String::from_utf8(file.body.clone()).unwrap_or_default();
        if file.media_type.starts_with("text/html") {
            assert!(!text.is_empty(), "{} is not UTF-8", file.path);
            look(&file, &text);
        } else if file.media_type.starts_with("application/json") {
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{} is no JSON", file.path);
        }
        assert!(
            audience == Audience::Operators || !text.contains(HIDDEN),
            "{} shows what is hidden",
            file.path
        );
    }
}

/// Reads a page as a browser does, and looks for what no template has.
fn look(file: &File, text: &str) {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text));
    let tokenizer = Tokenizer::new(Look { tags: Cell::new(0) }, TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    assert!(tokenizer.sink.tags.get() > 10, "{} is hardly a page", file.path);
}

struct Look {
    tags: Cell<u32>,
}

impl TokenSink for Look {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                self.tags.set(self.tags.get() + 1);
                ours(&tag);
            }
            Token::CommentToken(comment) => panic!("a comment that no template has: {comment}"),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn ours(tag: &Tag) {
    assert!(&*tag.name != "zz", "an element came out of a text");
    for attribute in &tag.attrs {
        let (name, value) = (&*attribute.name.local, &*attribute.value);
        assert!(name != "zz" && !name.starts_with("on"), "an attribute came out of a text: {name}");
        assert!(name != "style", "a style in the page, which its policy forbids");
        assert!(name != "href" || !value.trim_start().starts_with("javascript"), "a link runs: {value}");
    }
}
