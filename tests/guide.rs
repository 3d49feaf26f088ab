//! The guide is true: its commands print what it shows, its links and flags exist, and its quotations match their files.

mod page;
mod session;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::command;
use page::{Page, anchors, folder, root};
use session::{Session, matches};

/// Pages outside the guide whose links are checked too.
const BESIDE_THE_GUIDE: [&str; 16] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    "docs/decisions.md",
    "fuzz/README.md",
    "guest-examples/README.md",
    "guest-examples/c/README.md",
    "guest-examples/javascript/README.md",
    "guest-examples/python/README.md",
    "sdk/c/README.md",
    "sdk/js/README.md",
    "sdk/python/README.md",
    "sdk/rust/README.md",
];

/// Flags of other programs that pages name.
const OF_OTHERS: &[&str] = &[
    "--bin",
    "--binary",
    "--check",
    "--data-binary",
    "--dry-run",
    "--file",
    "--from-file",
    "--git",
    "--http1",
    "--request",
    "--ignore-scripts",
    "--include",
    "--inspect",
    "--install-links",
    "--max-time",
    "--no-create-home",
    "--no-default-features",
    "--now",
    "--omit",
    "--open",
    "--path",
    "--profile",
    "--publish",
    "--read-only",
    "--release",
    "--rm",
    "--shell",
    "--silent",
    "--standalone",
    "--strip-components",
    "--system",
    "--tag",
    "--target",
    "--test",
    "--tmpfs",
    "--ulimit",
    "--unix-socket",
    "--volume",
];

/// The help that `ws-host` prints for these words.
fn help(words: &[&str]) -> String {
    let output = command().args(words).output().expect("ws-host starts");
    String::from_utf8(output.stdout).expect("the help is text")
}

/// The subcommands, as `--help` lists them.
fn subcommands() -> Vec<String> {
    let help = help(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Words that begin with two dashes.
fn flags(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words = text.split(|c: char| !is_part(c));
    let plain = words.filter(|word| word.strip_prefix("--").is_some_and(|name| name.starts_with(char::is_alphabetic)));
    plain.map(str::to_owned).collect()
}

#[test]
fn every_flag_belongs_to_ws_host_or_to_a_known_program() {
    let mut known: BTreeSet<_> = flags(&help(&["--help"]));
    for name in subcommands() {
        known.extend(flags(&help(&[&name, "--help"])));
    }
    assert!(known.len() > 40, "the help was understood: {known:?}");
    for page in Page::all() {
        let unknown: Vec<_> = flags(&page.text).into_iter().filter(|flag| !known.contains(flag)).collect();
        let unknown: Vec<_> = unknown.iter().filter(|flag| !OF_OTHERS.contains(&flag.as_str())).collect();
        assert!(unknown.is_empty(), "{} names flags that do not exist: {unknown:?}", page.name);
    }
}

#[test]
fn every_command_of_ws_host_exists() {
    let known = subcommands();
    for page in Page::all() {
        for start in ["`ws-host ", "$ ws-host ", "/ws-host "] {
            for rest in page.text.split(start).skip(1) {
                let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                assert!(word.is_empty() || known.iter().any(|name| name == word), "{}: ws-host {word}", page.name);
            }
        }
    }
}

#[test]
fn every_link_resolves() {
    for page in Page::all() {
        assert_links_lead_somewhere(&page, &folder());
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            // mdBook treats each `.md` as a page of the book; see book.toml.
            let depth = page.name.matches('/').count();
            let outside = link.matches("../").count() > depth;
            assert!(!outside || !link.contains(".md"), "{}: {link} would become .html; write %2Emd", page.name);
        }
    }
}

#[test]
fn every_link_of_the_pages_beside_the_guide_leads_somewhere() {
    for name in BESIDE_THE_GUIDE {
        assert_links_lead_somewhere(&Page::read(root(), &root().join(name)), root());
    }
}

/// Every link of the page leads to a file, and its anchor to a heading. The page's name is its path below `base`.
fn assert_links_lead_somewhere(page: &Page, base: &Path) {
    let own = base.join(&page.name);
    let dir = own.parent().expect("a page is in a folder");
    for link in page.links().iter().filter(|link| !link.contains("://")) {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = if file.is_empty() { own.clone() } else { dir.join(file.replace("%2E", ".")) };
        assert!(path.exists(), "{}: {link} leads nowhere", page.name);
        if !anchor.is_empty() {
            let text = fs::read_to_string(&path).expect("a page is text");
            assert!(anchors(&text).iter().any(|known| known == anchor), "{}: {link} has no such heading", page.name);
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = Page::named("SUMMARY.md").links();
    for page in Page::all().iter().filter(|page| page.name != "SUMMARY.md") {
        assert!(summary.contains(&page.name), "{} is in the summary", page.name);
    }
}

#[test]
fn every_quotation_matches_its_file() {
    let mut quoted = 0;
    for page in Page::all() {
        for block in page.blocks() {
            if let Some(file) = block.value("from") {
                let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {file}: {error}", page.name));
                assert!(text.contains(block.text.trim_end()), "{} quotes {file} as it is:\n{}", page.name, block.text);
                quoted += 1;
            }
        }
    }
    assert!(quoted > 3, "quotations were found");
}

#[test]
fn dots_in_an_expected_line_match_anything() {
    for (expected, said, good) in [
        ("a", "a ", true),
        ("a", "ab", false),
        ("a ... c", "a b c", true),
        ("a ... c", "a b d", false),
        ("...", "", true),
        ("... b ... d", "a b c d", true),
        ("... b ... d", "a c d", false),
    ] {
        assert_eq!(matches(expected, said), good, "{expected:?} and {said:?}");
    }
}

/// Follows a page that has commands.
fn follow(name: &str) {
    assert!(Session::follow(&Page::named(name)) > 0, "{name} has commands");
}

#[test]
fn the_first_chat_is_built_served_and_changed() {
    follow("first-chat.md");
}

#[test]
fn a_server_is_swapped_and_rolled_back() {
    follow("swapping.md");
}

#[test]
fn paths_name_rooms() {
    follow("rooms.md");
}

#[test]
fn a_project_begins_from_nothing() {
    follow("languages.md");
}

#[test]
fn settings_come_from_a_file() {
    follow("limits.md");
}

#[test]
fn each_symptom_shows_what_the_guide_says() {
    follow("troubleshooting.md");
}

#[test]
fn a_back_end_connects_with_its_key() {
    follow("how-to/back-end.md");
}

#[test]
fn a_counter_survives_the_kill_of_its_host() {
    follow("state.md");
}

#[test]
fn a_data_folder_is_backed_up_and_restored() {
    follow("how-to/backups.md");
}

#[test]
fn a_guest_prints_fails_and_tells_why_a_client_went() {
    follow("how-to/debugging.md");
}

#[test]
fn a_token_opens_the_gate() {
    follow("how-to/auth.md");
}

#[test]
fn a_folder_of_pages_is_served() {
    follow("how-to/pages.md");
}

#[test]
fn a_page_of_another_address_is_admitted() {
    follow("how-to/front-end.md");
}

#[test]
fn a_newcomer_sees_members_and_history() {
    follow("how-to/presence-history.md");
}

#[test]
fn a_dialogue_is_played() {
    follow("how-to/testing.md");
}

#[test]
fn a_slow_handler_is_found() {
    follow("how-to/profiling.md");
}

#[test]
fn the_first_hour_in_operation_goes_as_its_page_says() {
    follow("operating.md");
}

#[test]
fn the_api_and_its_commands_answer() {
    follow("api.md");
}

#[test]
fn probes_are_answered() {
    follow("how-to/kubernetes.md");
}

#[test]
fn proxies_and_their_clients_get_what_they_ask_for() {
    follow("how-to/proxies.md");
}

#[test]
fn every_page_with_commands_is_followed() {
    let followed = [
        "api.md",
        "first-chat.md",
        "languages.md",
        "operating.md",
        "swapping.md",
        "state.md",
        "rooms.md",
        "limits.md",
        "troubleshooting.md",
        "how-to/auth.md",
        "how-to/back-end.md",
        "how-to/backups.md",
        "how-to/debugging.md",
        "how-to/front-end.md",
        "how-to/kubernetes.md",
        "how-to/pages.md",
        "how-to/presence-history.md",
        "how-to/profiling.md",
        "how-to/proxies.md",
        "how-to/testing.md",
    ];
    let pages = Page::all();
    let with_commands = pages.iter().filter(|page| page.blocks().iter().any(|block| block.is("test")));
    let names: BTreeSet<_> = with_commands.map(|page| page.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(followed));
}
