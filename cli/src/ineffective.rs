//! Settings that have no effect beside the others. They are refused: a silently ignored one misleads.

use clap::ArgMatches;
use clap::parser::ValueSource;

/// A flag, the condition under which it has an effect, and the remedy without that.
struct Rule {
    flag: &'static str,
    has_effect: fn(&ArgMatches) -> bool,
    remedy: &'static str,
}

const RULES: [Rule; 17] = [
    Rule { flag: "room-path", has_effect: rooms_by_path, remedy: "add --instances per-room" },
    Rule { flag: "room-linger", has_effect: rooms_by_path, remedy: "add --instances per-room" },
    Rule { flag: "max-rooms", has_effect: several_rooms, remedy: "add --instances per-room or per-client" },
    Rule {
        flag: "shards",
        has_effect: several_rooms,
        remedy: "add --instances per-room or per-client: one room runs on one thread",
    },
    Rule {
        flag: "data",
        has_effect: lasting_rooms,
        remedy: "leave out --instances per-client: such a store ends with its client",
    },
    Rule { flag: "data", has_effect: alone, remedy: "leave it out: with --cluster, the stores are in NATS" },
    Rule {
        flag: "takeover",
        has_effect: alone,
        remedy: "leave it out: a node of a --cluster takes over rooms. Start it beside the running one, and end that one",
    },
    Rule { flag: "store-sync", has_effect: alone, remedy: "leave it out: with --cluster, JetStream decides when a write counts" },
    Rule { flag: "store-expiry", has_effect: alone, remedy: "leave it out: with --cluster, stores do not expire" },
    Rule { flag: "store-sync", has_effect: data, remedy: "add --data: a store in memory is not synced" },
    Rule { flag: "store-expiry", has_effect: data, remedy: "add --data: a store in memory ends with the process" },
    Rule { flag: "fetch-room", has_effect: requests, remedy: ALLOW },
    Rule { flag: "fetch-total", has_effect: requests, remedy: ALLOW },
    Rule { flag: "fetch-body", has_effect: requests, remedy: ALLOW },
    Rule { flag: "fetch-memory", has_effect: requests, remedy: ALLOW },
    Rule { flag: "fetch-timeout", has_effect: requests, remedy: ALLOW },
    Rule { flag: "compress-above", has_effect: compression, remedy: "leave out --compression off" },
];

const ALLOW: &str = "add --allow-http: the guest may send no request without it";

/// Finds a flag that has no effect. `matches` are those of `run` or `dev`. Returns the error.
pub fn find(matches: &ArgMatches) -> Option<String> {
    let rule = RULES.iter().find(|rule| {
        let id = rule.flag.replace('-', "_");
        // `test` does not have each flag.
        matches.try_contains_id(&id).is_ok()
            && matches.value_source(&id) == Some(ValueSource::CommandLine)
            && !(rule.has_effect)(matches)
    })?;
    Some(format!("--{} has no effect here: {}", rule.flag, rule.remedy))
}

fn is(matches: &ArgMatches, id: &str, value: &str) -> bool {
    matches.get_raw(id).and_then(|mut values| values.next_back()).is_some_and(|given| given == value)
}

fn rooms_by_path(matches: &ArgMatches) -> bool {
    is(matches, "instances", "per-room")
}

fn several_rooms(matches: &ArgMatches) -> bool {
    !is(matches, "instances", "shared")
}

fn lasting_rooms(matches: &ArgMatches) -> bool {
    !is(matches, "instances", "per-client")
}

fn alone(matches: &ArgMatches) -> bool {
    // `test` serves alone.
    !matches.try_get_raw("cluster").is_ok_and(|servers| servers.is_some())
}

fn data(matches: &ArgMatches) -> bool {
    // `test` has no data folder.
    matches.try_get_raw("data").is_ok_and(|data| data.is_some())
}

fn requests(matches: &ArgMatches) -> bool {
    matches.get_raw("allow_http").is_some()
}

fn compression(matches: &ArgMatches) -> bool {
    !is(matches, "compression", "off")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    fn find_in(line: &str) -> Option<String> {
        let matches = Arguments::command().try_get_matches_from(line.split(' ')).expect("the line is valid");
        find(matches.subcommand().expect("it has a command").1)
    }

    #[test]
    fn a_flag_without_effect_is_named_with_the_remedy() {
        for (flag, remedy) in [
            ("--room-path /{room}", "add --instances per-room"),
            ("--room-linger 1s", "add --instances per-room"),
            ("--instances per-client --room-linger 1s", "add --instances per-room"),
            ("--max-rooms 7", "add --instances per-room or per-client"),
            ("--shards 2", "one room runs on one thread"),
            ("--instances per-client --data d", "leave out --instances per-client"),
            ("--data d --cluster nats://a", "the stores are in NATS"),
            ("--takeover --cluster nats://a", "Start it beside the running one"),
            ("--cluster nats://a --store-sync normal", "JetStream decides"),
            ("--cluster nats://a --store-expiry 90d", "stores do not expire"),
            ("--store-sync normal", "add --data"),
            ("--store-expiry 90d", "add --data"),
            ("--fetch-room 2", "add --allow-http"),
            ("--fetch-total 2", "add --allow-http"),
            ("--fetch-body 1MiB", "add --allow-http"),
            ("--fetch-memory 1MiB", "add --allow-http"),
            ("--fetch-timeout 1s", "add --allow-http"),
            ("--compression off --compress-above 1KiB", "leave out --compression off"),
        ] {
            let error = find_in(&format!("ws-host run x.wasm {flag}"));
            assert!(error.as_ref().is_some_and(|error| error.contains(remedy)), "{flag}: {error:?}");
        }
    }

    #[test]
    fn defaults_and_flags_that_have_an_effect_are_accepted() {
        for line in [
            "run x.wasm",
            "run x.wasm --compression off",
            "run x.wasm --compress-above 1KiB",
            "run x.wasm --data d --store-sync normal --store-expiry 90d",
            "run x.wasm --allow-http a.example --fetch-room 2 --fetch-timeout 1s",
            "run x.wasm --instances per-client --max-rooms 7 --shards 2",
            "run x.wasm --instances per-client --cluster nats://a --cluster-name b",
            "dev --cluster nats://a,nats://b --cluster-swap",
            "run x.wasm --takeover",
            "dev --instances per-room --room-path /{room} --room-linger 1s --max-rooms 7 --shards 2",
        ] {
            assert_eq!(find_in(&format!("ws-host {line}")), None, "{line}");
        }
    }

    #[test]
    fn the_rules_name_flags() {
        let command = Arguments::command();
        let run = command.find_subcommand("run").expect("there is `run`");
        for rule in &RULES {
            assert!(run.get_arguments().any(|arg| arg.get_long() == Some(rule.flag)), "{}", rule.flag);
        }
    }
}
