//! The paths that code names, with the braces of imports expanded.

use super::scan::words;

/// A path of names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// The offset of the path, or of the import that has it.
    pub(super) at: usize,
    /// Its names, from the left; `*` stands for a glob.
    pub(super) path: Vec<&'a str>,
    /// The name behind `as`.
    alias: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// The name by which an import is known in its file.
    pub(super) fn known_as(&self) -> Option<&'a str> {
        self.alias.or(self.path.last().copied())
    }
}

/// The paths that begin with `crate`, `self` or `super`, in imports and elsewhere.
pub(super) fn anchored(code: &str) -> Vec<Named<'_>> {
    let begins = |start: usize, word: &str| {
        let before = &code[..start];
        matches!(word, "crate" | "self" | "super")
            && code[start + word.len()..].starts_with("::")
            && !before.ends_with("::")
            && !before.ends_with("pub(in ")
    };
    words(code).filter(|(start, word)| begins(*start, word)).flat_map(|(start, _)| tree(code, start, start)).collect()
}

/// The paths that `use` declarations import.
pub(super) fn imported(code: &str) -> Vec<Named<'_>> {
    words(code).filter(|(_, word)| *word == "use").flat_map(|(start, _)| tree(code, start, start + "use".len())).collect()
}

/// The path, or the tree of paths, at this offset.
fn tree(code: &str, at: usize, from: usize) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    branch(code, from, &Named { at, path: Vec::new(), alias: None }, &mut found);
    found
}

/// Adds the paths that continue `prefix` at this offset, and returns their end.
fn branch<'a>(code: &'a str, from: usize, prefix: &Named<'a>, found: &mut Vec<Named<'a>>) -> usize {
    let mut named = Named { at: prefix.at, path: prefix.path.clone(), alias: None };
    let mut end = from;
    loop {
        let start = skip_space(code, end);
        let rest = &code[start..];
        if rest.starts_with('{') {
            return group(code, start + 1, &named, found);
        }
        let name = if rest.starts_with('*') { "*" } else { first_word(rest) };
        if name.is_empty() {
            break; // `::<T>` continues no path.
        }
        // `{self}` stands for the path before the brace.
        if name != "self" || named.path.is_empty() {
            named.path.push(&rest[..name.len()]);
        }
        end = start + name.len();
        let behind = skip_space(code, end);
        if !code[behind..].starts_with("::") {
            named.alias = alias(&code[behind..]);
            break;
        }
        end = behind + "::".len();
    }
    if !named.path.is_empty() {
        found.push(named);
    }
    end
}

/// Adds the paths between braces, and returns the end of the braces.
fn group<'a>(code: &'a str, from: usize, prefix: &Named<'a>, found: &mut Vec<Named<'a>>) -> usize {
    let mut at = from;
    loop {
        let end = branch(code, at, prefix, found);
        let Some(stop) = code[end..].find([',', '}']).map(|offset| end + offset) else { return code.len() };
        at = stop + 1;
        if code[stop..].starts_with('}') || code[skip_space(code, at)..].starts_with('}') {
            return skip_space(code, at) + usize::from(code[stop..].starts_with(','));
        }
    }
}

fn alias(behind: &str) -> Option<&str> {
    let name = first_word(behind.strip_prefix("as ")?.trim_start());
    (!name.is_empty()).then_some(name)
}

fn first_word(text: &str) -> &str {
    words(text).next().filter(|(start, _)| *start == 0).map_or("", |(_, word)| word)
}

fn skip_space(code: &str, from: usize) -> usize {
    from + code[from..].len() - code[from..].trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(paths: &[Named<'_>]) -> Vec<String> {
        paths.iter().map(|named| named.path.join("::")).collect()
    }

    #[test]
    fn an_import_in_braces_names_each_path() {
        let code = "use crate::{a::{B, c::{self, D as E}}, f,\n    g::*,\n};\npub(in crate::h) use i::J;";
        let paths = ["crate::a::B", "crate::a::c", "crate::a::c::D", "crate::f", "crate::g::*", "i::J"];
        assert_eq!(shown(&imported(code)), paths);
        assert_eq!(shown(&anchored(code)), paths[..5]);
    }

    #[test]
    fn a_path_in_place_is_found() {
        let code = "fn f(self, x: super::super::a::B<crate::C>) -> self::D { super::e::f::<u8>(crate::G as u8) }";
        let paths = ["super::super::a::B", "crate::C", "self::D", "super::e::f", "crate::G"];
        assert_eq!(shown(&anchored(code)), paths);
    }

    #[test]
    fn an_import_is_known_by_its_last_name_or_its_alias() {
        let names: Vec<_> = imported("use a::{B, C as D};").iter().filter_map(Named::known_as).collect();
        assert_eq!(names, ["B", "D"]);
    }
}
