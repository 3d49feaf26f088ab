//! README.md's table of limits says what `ws-host run --help` says: every flag, and its default.

mod support;

use std::collections::BTreeMap;

use support::command;

/// The flags of limits and their defaults, as the help has them: all options below a heading that begins with "Limits".
fn of_the_help() -> BTreeMap<String, String> {
    let output = command().args(["run", "--help"]).output().expect("ws-host starts");
    let help = String::from_utf8(output.stdout).expect("the help is text");
    let mut limits = BTreeMap::new();
    let (mut in_limits, mut flag) = (false, String::new());
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for line in help.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            in_limits = line.starts_with("Limits");
        } else if let Some(name) = line.trim_start().split(' ').next().filter(|name| name.starts_with("--")) {
            flag = name.to_owned();
        } else if in_limits {
            let text = texts.entry(flag.clone()).or_default();
            text.push(' ');
            text.push_str(line.trim());
        }
    }
    for (flag, text) in texts {
        let (_, default) = text.rsplit_once("[default: ").unwrap_or_else(|| panic!("{flag} has a default: {text}"));
        limits.insert(flag, default.trim_end().trim_end_matches(']').to_owned());
    }
    limits
}

/// The same, as the table has them.
fn of_the_readme() -> BTreeMap<String, String> {
    let readme = include_str!("../README.md");
    let (_, section) = readme.split_once("\n## Limits\n").expect("there is a section about limits");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let plain = |cell: &str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell).to_owned();
    cells.filter(|cells| cells[2].starts_with("`--")).map(|cells| (plain(cells[2]), plain(cells[3]))).collect()
}

#[test]
fn the_readmes_table_has_every_limit_with_its_flag_and_default() {
    let help = of_the_help();
    assert!(help.len() >= 20, "the help was understood: {help:?}");
    assert_eq!(of_the_readme(), help);
}
