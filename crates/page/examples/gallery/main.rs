//! Writes sample sites into a folder, to be looked at: `cargo run -p candor-page --example gallery -- FOLDER`.
//!
//! Each scene is a site of its own, once for the public and once for operators: `FOLDER/SCENE/public/…`. Serve one
//! of them at the root of any file server. Prints the size of each front page.

#[path = "../../tests/scenes/mod.rs"]
mod scenes;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use candor_page::{Audience, File, Language, render};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).map(PathBuf::from);
    let Some(folder) = folder else {
        return Err(io::Error::other("say which folder to write to: gallery FOLDER"));
    };
    for (name, view) in scenes::all() {
        for (audience, word) in [(Audience::Public, "public"), (Audience::Operators, "operators")] {
            let files = render(&view, audience, Language::English);
            let front = files.iter().find(|f| f.path == "/").map_or(0, |f| f.body.len());
            #[expect(clippy::print_stdout, reason = "it is a program that reports")]
            {
                println!("{name} {word}: {} files, front page {front} bytes", files.len());
            }
            for file in &files {
                write(&folder.join(name).join(word), file)?;
            }
        }
    }
    Ok(())
}

fn write(root: &Path, file: &File) -> io::Result<()> {
    let relative = file.path.trim_start_matches('/');
    let at = match (relative, file.media_type.starts_with("text/html")) {
        ("", _) => root.join("index.html"),
        (path, true) if !path.ends_with(".html") => root.join(path).join("index.html"),
        (path, _) => root.join(path),
    };
    fs::create_dir_all(at.parent().unwrap_or(root))?;
    fs::write(at, &file.body)
}
