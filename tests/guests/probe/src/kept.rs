//! Commands on the store.

use ws_guest::store::{self, StoreError};

use super::shown;

/// Follows a command, and returns the answer, if it is one on the store.
pub fn obey(command: &str, rest: &str) -> Option<String> {
    let (first, last) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match command {
        "keep" => shown(store::set(first, last)),
        "kept" => format!("{:?}", store::get(rest).map(|value| String::from_utf8_lossy(&value).into_owned())),
        "drop" => shown(store::delete(rest)),
        "clear" => shown(store::clear()),
        "usage" => format!("{} keys", store::usage().keys),
        "keys" => keys(first, last),
        "fill" => shown(fill(first.parse().unwrap_or(0))),
        "walk" => walk(rest),
        _ => return None,
    })
}

/// The keys behind another one.
fn keys(prefix: &str, after: &str) -> String {
    let found = store::list(prefix, (!after.is_empty()).then_some(after), u32::MAX);
    found.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" ")
}

fn fill(entries: u32) -> Result<(), StoreError> {
    (1..=entries).try_for_each(|n| store::set(&format!("fill/{n:04}"), n.to_string()))
}

/// The number of entries, and the last key.
fn walk(prefix: &str) -> String {
    let (count, last) = store::entries(prefix).fold((0, String::new()), |(count, _), (key, _)| (count + 1, key));
    format!("{count}, {last}")
}
