//! The JSON Schema of the language, made from the declarations, for editors that complete and check YAML.
//!
//! It knows shapes, not relations: what it accepts, `candor config check` may still refuse. Scalars are taken by their
//! text, so a text may be written like a number or a truth value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::field::{Field, Preset, Section, Shape};
use crate::section::root::ROOT;

/// The JSON Schema (2020-12) of a whole configuration file.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = BTreeMap::new();
    let mut root = section(&ROOT, &mut definitions);
    // In a folder, each file holds a part.
    if let Some(map) = root.as_object_mut() {
        map.remove("required");
        map.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        map.insert("title".into(), "Candor configuration".into());
        map.insert("$defs".into(), definitions.into_iter().collect::<Map<_, _>>().into());
    }
    root
}

fn section(section: &'static Section, definitions: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in section.fields().filter(|f| !matches!(f.shape, Shape::Later)) {
        properties.insert(field.key.into(), property(field, definitions));
        if field.preset == Preset::Required {
            required.push(Value::from(field.key));
        }
    }
    json!({
        "type": "object",
        "description": section.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(field: &Field, definitions: &mut BTreeMap<String, Value>) -> Value {
    let shape = shape(&field.shape, definitions);
    json!({"description": field.doc, "anyOf": [shape, {"type": "null"}]})
}

fn shape(of: &Shape, definitions: &mut BTreeMap<String, Value>) -> Value {
    match of {
        Shape::Text | Shape::Template | Shape::Id => json!({"type": ["string", "number", "boolean"]}),
        Shape::Written(words) => json!({"type": ["string", "number"], "description": words}),
        Shape::Word(words) => {
            json!({"enum": words.iter().map(|w| if *w == "true" { Value::Bool(true) } else { (*w).into() }).collect::<Vec<_>>()})
        }
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Count(bounds) => json!({"type": "integer", "minimum": bounds.min, "maximum": bounds.max}),
        Shape::Duration(_) => {
            json!({"type": "string", "pattern": "^(>= *)?([0-9]+ *(ms|s|m|h|d|months?|years?|y|min|seconds?|minutes?|hours?|days?) *)+$"})
        }
        Shape::Size(_) => json!({"type": "string", "pattern": "^[0-9]+ *(B|kB|KB|MB|GB|KiB|MiB|GiB)$"}),
        Shape::Json => json!({}),
        Shape::List(inner) => json!({"type": "array", "items": shape(inner, definitions)}),
        Shape::Many(inner) => {
            let inner = shape(inner, definitions);
            json!({"anyOf": [inner, {"type": "array", "items": inner}]})
        }
        Shape::Table(inner) => {
            let inner = shape(inner, definitions);
            json!({"type": "object", "additionalProperties": {"anyOf": [inner, {"type": "null"}]}})
        }
        Shape::Map(inner) => reference(inner, definitions),
        Shape::AnyOf(shapes) => {
            json!({"anyOf": shapes.iter().map(|s| shape(s, definitions)).collect::<Vec<_>>()})
        }
        Shape::Later => json!(false),
    }
}

/// A section by its name; it is described once, also where it holds itself.
fn reference(inner: &'static Section, definitions: &mut BTreeMap<String, Value>) -> Value {
    let name = inner.name.replace(' ', "-").replace(['(', ')'], "");
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let described = section(inner, definitions);
        definitions.insert(name.clone(), described);
    }
    json!({"$ref": format!("#/$defs/{name}")})
}
