//! What users see stays true: sample files resolve and fit the schema, the reference is that of the code.

mod common;

use std::path::{Path, PathBuf};

use candor_config::{Source, cost, reference_markdown, resolve, schema, show};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn samples() -> Vec<PathBuf> {
    let folder = root().join("examples");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of samples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
}

#[test]
fn every_sample_resolves_without_a_warning() {
    for path in samples() {
        let source = Source::read(&path).expect("a sample");
        match resolve(&source, &common::environment(), common::now()) {
            Ok(resolved) => assert_eq!(resolved.warnings, [], "{}", path.display()),
            Err(faults) => panic!("{}", faults.render(&source, false)),
        }
    }
}

#[test]
fn the_shop_is_shown_and_priced() {
    let source = Source::read(&root().join("examples/shop.yaml")).expect("a sample");
    let resolved = resolve(&source, &common::environment(), common::now()).expect("a plan");
    let shown = show(&resolved.plan).replace(&root().display().to_string(), "…");
    assert!(!shown.contains(common::PASSWORD));
    insta::assert_snapshot!("shop_shown", shown);
    let priced = cost(&resolved.plan).to_string();
    assert!(priced.lines().all(|line| line.chars().count() <= 80), "{priced}");
    insta::assert_snapshot!("shop_priced", priced);
}

#[test]
fn the_reference_is_current() {
    let path = root().join("docs/config-reference.md");
    let made = reference_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).expect("docs can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, made, "write it anew: UPDATE_DOCS=1 cargo test -p candor-config --test examples");
}

#[test]
fn every_sample_of_the_introduction_resolves() {
    let text = std::fs::read_to_string(root().join("docs/config.md")).expect("the introduction");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|b| b.split("```").next()).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let whole = if block.contains("services:") {
            block.to_owned()
        } else if block.starts_with("journey:") {
            format!("places: [gb]\n{}", common::around(block))
        } else {
            format!("{block}\n{}", common::steps("- get: https://shop.example/"))
        };
        if let Err(faults) = common::read(&whole) {
            panic!("{faults}\n{whole}");
        }
    }
}

#[test]
fn every_sample_fits_the_schema() {
    let schema = schema();
    for path in samples() {
        let text = std::fs::read_to_string(&path).expect("a sample");
        fits(&yaml(&text), &schema, &schema).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
    let wrong = yaml("services: [{id: a, capabilities: {b: {journey: [{gett: x}]}}}]");
    assert!(fits(&wrong, &schema, &schema).is_err());
}

/// YAML as a schema validator sees it, from the events of the parser.
fn yaml(text: &str) -> Value {
    use saphyr_parser::{Event, Parser, ScalarStyle};
    enum Open {
        List(Vec<Value>),
        Map(serde_json::Map<String, Value>, Option<String>),
    }
    let mut stack = vec![Open::List(Vec::new())];
    for event in Parser::new_from_str(text) {
        let value = match event.expect("YAML").0 {
            Event::Scalar(text, style, _, _) => {
                let literal =
                    (style == ScalarStyle::Plain).then(|| serde_json::from_str(&text).ok()).flatten();
                literal.unwrap_or_else(|| Value::String(text.into_owned()))
            }
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(serde_json::Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop().expect("an open node") {
                Open::List(items) => Value::Array(items),
                Open::Map(map, _) => Value::Object(map),
            },
            _ => continue,
        };
        match stack.last_mut().expect("an open node") {
            Open::List(items) => items.push(value),
            Open::Map(map, key) => match key.take() {
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            },
        }
    }
    match stack.pop().expect("the root") {
        Open::List(mut items) => items.pop().expect("a document"),
        Open::Map(..) => panic!("unbalanced"),
    }
}

/// As much of JSON Schema as ours uses.
fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).ok_or(format!("{name} leads nowhere"))?;
        return fits(value, target, root);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let results: Vec<_> = any.iter().map(|s| fits(value, s, root)).collect();
        if !results.iter().any(Result::is_ok) {
            return Err(format!("{value} fits none: {results:?}"));
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.contains(value).then_some(()).ok_or(format!("{value} is not one of {words:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let own = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() && types.contains(&"integer") => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.contains(&own) {
        return Err(format!("{value} is not {types:?}"));
    }
    if let (Value::Array(items), Some(inner)) = (value, schema.get("items")) {
        items.iter().try_for_each(|item| fits(item, inner, root))?;
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        let pattern = regex::Regex::new(pattern).map_err(|e| e.to_string())?;
        if !pattern.is_match(text) {
            return Err(format!("{text} does not match"));
        }
    }
    let Value::Object(map) = value else { return Ok(()) };
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        map.get(key).ok_or(format!("{key} is missing"))?;
    }
    for (key, value) in map {
        match schema["properties"].get(key).or(schema.get("additionalProperties")) {
            Some(Value::Bool(false)) => return Err(format!("{key} is not known")),
            Some(inner) => fits(value, inner, root)?,
            None => {}
        }
    }
    Ok(())
}
