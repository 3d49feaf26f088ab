//! The words of a project that depend on the place of its SDK.

use super::Language;
use crate::sdk::{PYTHON_REQUIREMENT, Source};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The replacements in the templates of a language.
pub(super) fn words(language: Language, source: Source, name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("{{name}}", name.to_owned()),
        ("{{version}}", VERSION.to_owned()),
        ("{{sdk}}", sdk(language, source)),
        ("{{about-sdk}}", about(language, source)),
        // The project need not fetch what only the tests of a copy use.
        ("{{exclude}}", if source == Source::Vendored { "\nexclude = [\"vendor\"]".to_owned() } else { String::new() }),
    ]
}

/// Whether a project has a copy of the SDK. No registry has packages of C.
pub(super) fn is_copied(language: Language, source: Source) -> bool {
    source == Source::Vendored || language == Language::C
}

/// The SDK as the tool of the language takes it.
fn sdk(language: Language, source: Source) -> String {
    match (language, is_copied(language, source)) {
        (Language::Rust, true) => "{ path = \"vendor/ws-guest\" }".to_owned(),
        (Language::Rust, false) => format!("\"{VERSION}\""),
        (Language::Js | Language::Ts, true) => "file:vendor/ws-host-guest".to_owned(),
        (Language::Js | Language::Ts, false) => format!("^{VERSION}"),
        (Language::Python, true) => "./vendor/ws-host-guest".to_owned(),
        (Language::Python, false) => PYTHON_REQUIREMENT.to_owned(),
        (Language::C, _) => "vendor/ws-host-guest".to_owned(),
    }
}

/// The sentences of the README about the SDK.
fn about(language: Language, source: Source) -> String {
    let (package, registry, documents) = match language {
        Language::Rust => ("ws-guest", "crates.io", "README"),
        Language::Js | Language::Ts => ("ws-host-guest", "npm", "README"),
        Language::Python => ("ws-host-guest", "PyPI", "README"),
        Language::C => ("ws-host-guest", "", "`ws_guest.h`"),
    };
    match (is_copied(language, source), source) {
        (true, Source::Vendored) => format!(
            "`vendor/{package}` is a copy of the SDK of ws-host {VERSION}, which is not published yet. Its {documents} documents it."
        ),
        (true, Source::Published) => {
            format!("`vendor/{package}` is a copy of the SDK of ws-host {VERSION}. Its {documents} documents it.")
        }
        (false, _) => format!("The SDK is the package `{package}` of {registry}. Its {documents} documents it."),
    }
}
