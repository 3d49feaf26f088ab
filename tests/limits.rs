//! The guide's reference agrees with the program: every flag is in it, every limit with its default, every cause with its code.

use std::collections::BTreeMap;

use ws_host::app::CloseCause;

use crate::support::command;

/// The help of a subcommand.
fn help(subcommand: &str) -> String {
    let output = command().args([subcommand, "--help"]).output().expect("ws-host starts");
    String::from_utf8(output.stdout).expect("the help is text")
}

/// The flags of limits and their defaults by the help: all options below a heading that begins with "Limits".
fn of_the_help() -> BTreeMap<String, String> {
    let help = help("run");
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

/// The same, as the page has them.
fn of_the_page() -> BTreeMap<String, String> {
    let page = include_str!("../docs/guide/src/reference/limits.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let plain = |cell: &str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell).to_owned();
    cells.filter(|cells| cells[2].starts_with("`--")).map(|cells| (plain(cells[2]), plain(cells[3]))).collect()
}

#[test]
fn the_page_of_limits_has_every_limit_with_its_flag_and_default() {
    let help = of_the_help();
    assert!(help.len() >= 20, "the help was understood: {help:?}");
    assert_eq!(of_the_page(), help);
}

#[test]
fn the_page_of_the_command_line_has_every_flag_but_the_limits() {
    let page = include_str!("../docs/guide/src/reference/command-line.md");
    let limits = of_the_help();
    let mut seen = 0;
    for subcommand in ["run", "dev", "inspect", "swap", "rollback", "status"] {
        for line in help(subcommand).lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
            let flags = line.split([' ', ',', '=']).map(|word| word.trim_end_matches('.')).filter(|word| word.starts_with("--"));
            for flag in flags.filter(|flag| !limits.contains_key(*flag) && !["--help", "--version"].contains(flag)) {
                assert!(page.contains(&format!("`{flag}")), "{subcommand} has {flag}, and the page does not");
                seen += 1;
            }
        }
    }
    assert!(seen >= 20, "the help was understood: {seen} flags");
}

#[test]
fn the_page_of_close_codes_has_every_cause_with_its_code() {
    let page = include_str!("../docs/guide/src/reference/close-codes.md");
    for (cause, name) in [
        (CloseCause::Lost, "lost"),
        (CloseCause::Timeout, "timeout"),
        (CloseCause::Protocol, "protocol"),
        (CloseCause::TooBig, "too-big"),
        (CloseCause::Policy, "policy"),
        (CloseCause::Overload, "overload"),
        (CloseCause::Trap, "trap"),
        (CloseCause::Restart, "restart"),
        (CloseCause::Shutdown, "shutdown"),
    ] {
        let code = cause.code().expect("only the client and the guest bring codes of their own").to_string();
        let row = |line: &&str| line.contains(&format!("`{name}`")) && line.contains(&code);
        assert!(page.lines().any(|line| row(&line)), "{name} has {code}");
    }
}
