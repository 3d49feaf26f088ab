//! The help of the command line: help texts, completions, the manual page, hints at mistakes.

use std::process::Output;

use crate::support::command;

/// The lines that fit a screen, in a terminal of 100 columns.
const SCREEN: usize = 40;

fn told(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let environment = environment.iter().copied().chain([("COLUMNS", "100")]);
    command().args(arguments).envs(environment).output().expect("ws-host starts")
}

fn stdout(arguments: &[&str]) -> String {
    let output = told(arguments, &[]);
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_help_and_that_of_run_have_examples_and_fit_a_screen() {
    for arguments in [&["--help"][..], &["-h"], &["run", "-h"]] {
        let help = stdout(arguments);
        assert!(help.contains("\nExamples:\n  ws-host "), "{help}");
        assert!(help.lines().count() <= SCREEN, "{arguments:?} has {} lines:\n{help}", help.lines().count());
    }
}

#[test]
fn the_long_help_of_run_hides_no_flag() {
    let help = stdout(&["run", "--help"]);
    for flag in ["--room-linger", "--probation-traps", "--restarts", "--shards", "--max-room-clients"] {
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn a_mistake_in_typing_gets_a_suggestion() {
    for (arguments, suggestion) in [(&["staus"][..], "'status'"), (&["run", "--prot", "1", "x.wasm"], "'--port'")] {
        let output = told(arguments, &[]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("tip: a similar ") && said.contains(suggestion), "{said}");
    }
}

#[test]
fn no_color_is_respected_even_where_colours_are_forced() {
    let coloured = |environment: &[(&str, &str)]| told(&["--help"], environment).stdout.contains(&0x1b);
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&[]));
}

#[test]
fn each_shell_gets_completions_for_each_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&["completions", shell]);
        for word in ["inspect", "rollback", "--lang", "--room-path"] {
            // fish lists long flags without their dashes.
            assert!(script.contains(word.trim_start_matches('-')), "{word} for {shell}");
        }
    }
}

#[test]
fn the_manual_page_has_each_command_and_its_flags() {
    let page = stdout(&["man"]);
    assert!(page.contains(".TH ws-host 1"), "{}", &page[..200.min(page.len())]);
    for section in ["RUN", "NEW", "DEV", "BUILD", "TEST", "SWAP", "STATUS", "DATA BACKUP"] {
        assert!(page.contains(&format!(".SH \"{section}\"\n")), "{section}");
    }
    // The page is the only one, and its examples keep their lines.
    assert!(!page.contains("(1)"), "a reference to another page");
    assert!(page.contains(".SH EXAMPLES\n.nf\n") && page.contains("\n.fi\n.SH VERSION\n"), "examples");
    // A hyphen is escaped by a backslash, so that a search finds it.
    assert!(page.contains("\\-\\-room\\-path") && page.contains("\\-\\-lang"), "flags");
}

#[test]
fn a_reader_that_wants_only_the_beginning_is_no_mistake() {
    for arguments in [&["man"][..], &["completions", "bash"], &["--help"], &["run", "--help"]] {
        // The reading end is closed before anything is written.
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let output = command().args(arguments).stdout(writer).output().expect("ws-host starts");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
