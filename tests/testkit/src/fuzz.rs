//! Inputs that are nearly right: what decoders are tried with.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    response::IntoResponse,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use service_kit::body::JsonBody;
use std::{collections::BTreeSet, fs, path::Path};

/// Inputs of a short run, as in every `make test`.
const SHORT: u64 = 20_000;
/// Deeper than any body, and than serde_json reads.
const DEPTH_MAX: usize = 200;
/// Longest input in bytes.
const BYTES_MAX: usize = 16 * 1024;

/// How many inputs to try: `ARIS_FUZZ_INPUTS`, or a short run.
#[must_use]
pub fn inputs() -> u64 {
    std::env::var("ARIS_FUZZ_INPUTS").ok().and_then(|inputs| inputs.parse().ok()).unwrap_or(SHORT)
}

/// Makes inputs from samples: other values in some places, members away, twice or renamed, bytes
/// flipped, cut out, repeated or cut off. The same seed makes the same inputs.
pub struct Fuzz {
    rng: StdRng,
    samples: Vec<Value>,
}

impl Fuzz {
    /// From at least one sample.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn new(seed: u64, samples: Vec<Value>) -> Self {
        assert!(!samples.is_empty(), "nothing to start from");
        Self { rng: StdRng::seed_from_u64(seed), samples }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut value = self.samples.choose(&mut self.rng).cloned().unwrap_or_default();
        for _ in 0..self.rng.random_range(0..=3) {
            self.change(&mut value);
        }
        let mut bytes = value.to_string().into_bytes();
        if self.rng.random_bool(0.5) {
            for _ in 0..self.rng.random_range(1..=4) {
                self.spoil(&mut bytes);
            }
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    /// Changes something somewhere in the value.
    fn change(&mut self, value: &mut Value) {
        let inside = self.rng.random_bool(0.7);
        match value {
            Value::Array(list) if inside && !list.is_empty() => {
                let index = self.rng.random_range(0..list.len());
                match self.rng.random_range(0..8) {
                    0 => drop(list.remove(index)),
                    1 => list.extend(list.clone()),
                    _ => self.change(&mut list[index]),
                }
            }
            Value::Object(members) if inside && !members.is_empty() => self.change_member(members),
            other => *other = self.value(0),
        }
    }

    fn change_member(&mut self, members: &mut Map<String, Value>) {
        let names: Vec<String> = members.keys().cloned().collect();
        let Some(name) = names.choose(&mut self.rng) else { return };
        match self.rng.random_range(0..8) {
            0 => drop(members.remove(name)),
            1 => drop(members.insert(self.text(), json!(1))),
            2 => {
                let value = members.remove(name).unwrap_or_default();
                members.insert(self.text(), value);
            }
            _ => self.change(&mut members[name.as_str()]),
        }
    }

    /// Any value, those at the edges first.
    fn value(&mut self, depth: usize) -> Value {
        match self.rng.random_range(0..14) {
            0 => Value::Null,
            1 => json!(self.rng.random_bool(0.5)),
            2 => json!(self.rng.random::<i64>()),
            3 => json!(self.rng.random::<u64>()),
            4 => json!(self.rng.random_range(-2..300)),
            5 => json!(self.rng.random::<f64>() * 1e300),
            6 => json!(-0.0),
            7 => json!([]),
            8 => json!({}),
            9 if depth < 4 => json!([self.value(depth + 1), self.value(depth + 1)]),
            10 if depth < 4 => json!({self.text(): self.value(depth + 1)}),
            11 => (0..self.rng.random_range(1..DEPTH_MAX)).fold(json!(1), |inner, _| json!([inner])),
            12 => json!("x".repeat(self.rng.random_range(0..2_000))),
            _ => json!(self.text()),
        }
    }

    fn text(&mut self) -> String {
        const EDGES: [&str; 14] = [
            "",
            " ",
            "\u{0}",
            "\u{202e}",
            "\u{feff}",
            "~1/~0",
            "🍝",
            "null",
            "everywhere",
            "a`b",
            "-1",
            "00000000-0000-0000-0000-000000000000",
            "9999999999999999999999",
            "\r\n.\r\n",
        ];
        if self.rng.random_bool(0.5) {
            return (*EDGES.choose(&mut self.rng).unwrap_or(&"")).to_owned();
        }
        (0..self.rng.random_range(0..12)).map(|_| self.rng.random::<char>()).collect()
    }

    /// Changes bytes, so that it may be no JSON and no UTF-8 any more.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let at = self.rng.random_range(0..=bytes.len());
        let end = (at + self.rng.random_range(0..40)).min(bytes.len());
        match self.rng.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.insert(at, *br#"{}[],:"\0 "#.choose(&mut self.rng).unwrap_or(&0)),
            4 => bytes.insert(at, self.rng.random()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.rng.random_range(0..8);
                }
            }
        }
    }
}

/// A body that requests have: a right one, and how it is read.
pub struct Body {
    name: &'static str,
    sample: Value,
    read: fn(Value, u64),
}

impl Body {
    /// The body of this type, with one that is right.
    #[must_use]
    pub fn of<T: DeserializeOwned + Send + 'static>(sample: Value) -> Self {
        let path = std::any::type_name::<T>();
        Self { name: path.rsplit("::").next().unwrap_or(path), sample, read: read_as::<T> }
    }
}

/// Reads nearly right bodies as requests do, so many of each that they are [`inputs`] together. Each is the body, or is
/// told what is wrong with it: that it is no JSON, or which place is wrong, and that place is one of the body.
///
/// # Panics
/// When one is not.
pub fn read_all(bodies: Vec<Body>) {
    let each = inputs() / bodies.len() as u64;
    for Body { sample, read, .. } in bodies {
        read(sample, each);
    }
}

/// Proves that what handlers in this folder take as a body is one of these.
///
/// # Panics
/// When one is missing, or fewer are taken than there are.
pub fn assert_none_is_forgotten(bodies: &[Body], folder: &Path) {
    let mut taken = BTreeSet::new();
    read_sources(folder, &mut |source| {
        let kinds = ["JsonBody<", "OptionalBody<"];
        let types = kinds.iter().flat_map(|kind| source.split(kind).skip(1)).filter_map(|rest| rest.split('>').next());
        // Not the patterns and words that name them elsewhere.
        taken.extend(types.filter(|name| name.chars().all(char::is_alphanumeric)).map(str::to_owned));
    });
    let tried: BTreeSet<_> = bodies.iter().map(|body| body.name.to_owned()).collect();
    assert_eq!(taken, tried, "left: what requests are read as; right: what inputs are made for");
}

fn read_sources(folder: &Path, look: &mut dyn FnMut(&str)) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            read_sources(&path, look);
        } else {
            look(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
    }
}

fn read_as<T: DeserializeOwned + Send + 'static>(sample: Value, inputs: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(async {
        let (mut fuzz, mut read) = (Fuzz::new(0xB0D1E5, vec![sample]), 0);
        for _ in 0..inputs {
            let input = fuzz.input();
            let request = Request::new(axum::body::Body::from(input.clone()));
            match JsonBody::<T>::from_request(request, &()).await {
                Ok(_) => read += 1,
                Err(problem) => {
                    let body = to_bytes(problem.into_response().into_body(), usize::MAX).await.unwrap_or_default();
                    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
                    assert!(explains(&problem, &input), "{} => {problem}", String::from_utf8_lossy(&input));
                }
            }
        }
        let body = std::any::type_name::<T>();
        assert!(read > inputs / 100, "{read} of {inputs} were read as {body}: nothing nearly right was tried");
    });
}

fn explains(problem: &Value, input: &[u8]) -> bool {
    let parsed = serde_json::from_slice::<Value>(input);
    match problem["code"].as_str() {
        Some("malformed-json") => parsed.is_err(),
        Some("invalid-field") => problem["errors"][0]["pointer"].as_str().is_some_and(|pointer| {
            let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            // What is no JSON further on may have a wrong field before.
            parsed.map_or(true, |body| body.pointer(parent).is_some())
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Fuzz;
    use serde_json::json;
    use std::collections::HashSet;

    #[test]
    fn inputs_differ_and_the_same_seed_makes_the_same() {
        let made = || {
            let mut fuzz = Fuzz::new(7, vec![json!({"a": [1, {"b": "text"}], "c": null})]);
            (0..1_000).map(|_| fuzz.input()).collect::<Vec<_>>()
        };
        let inputs = made();
        assert_eq!(inputs, made());
        assert!(inputs.iter().collect::<HashSet<_>>().len() > 500);
        let readable = inputs.iter().filter(|input| serde_json::from_slice::<serde_json::Value>(input).is_ok()).count();
        assert!((300..950).contains(&readable), "{readable} of 1,000 are JSON");
    }
}
