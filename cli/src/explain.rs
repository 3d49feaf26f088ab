//! Translates the library's errors for the command line: a setting is called by its flag.

use std::io::ErrorKind;
use std::path::Path;

use ws_host::Error;
use ws_host::log::printable;

/// Each setting that the library's errors name, with its flag.
const FLAGS: [(&str, &str); 24] = [
    ("accepts_per_second", "--accept-rate"),
    ("call_timeout", "--call-timeout"),
    ("client_memory_bytes", "--client-memory"),
    ("close_timeout", "--close-timeout"),
    ("fetch_memory_bytes", "--fetch-memory"),
    ("fetch_room", "--fetch-room"),
    ("fetch_timeout", "--fetch-timeout"),
    ("fetch_total", "--fetch-total"),
    ("handshake_timeout", "--handshake-timeout"),
    ("mailbox_events", "--mailbox"),
    ("max_connections", "--max-connections"),
    ("max_message_bytes", "--max-message"),
    ("max_per_address", "--max-per-address"),
    ("max_request_bytes", "--max-request"),
    ("max_room_clients", "--max-room-clients"),
    ("max_rooms", "--max-rooms"),
    ("message_timeout", "--message-timeout"),
    ("outbox_hard_bytes", "--outbox-hard"),
    ("outbox_soft_bytes", "--outbox-soft"),
    ("ping_interval", "--ping"),
    ("pong_timeout", "--pong"),
    ("request_timeout", "--request-timeout"),
    ("store_expiry", "--store-expiry"),
    ("store_room_bytes", "--store-room"),
];

/// Joins an error and its causes. A cause that an outer error already quotes is left out.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(|cause| cause.downcast_ref().map_or_else(|| cause.to_string(), in_flags)) {
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{separator}{cause}");
        }
    }
    printable(&line.replace('\n', " ")).into_owned()
}

/// Formats the error in one line, with the flags that help.
pub fn in_flags(error: &Error) -> String {
    match error {
        Error::Limits(limit) => format!("these limits cannot be kept: {}", limit.describe(flag)),
        Error::Bind { source, .. } if matches!(source.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
            format!("{error} with --port or --listen")
        }
        Error::ClientsWithoutTls => format!("{error}: --tls-cert and --tls-key"),
        Error::ApiInClear(_) => format!("{error}: --tls-cert and --tls-key, or --api-insecure behind a proxy that speaks TLS"),
        Error::Api { .. } => format!("{error} (--api)"),
        Error::ApiTokens { .. } => format!("{error} (--api-token-file)"),
        Error::NoCertificate => format!("{error}: --tls-cert and --tls-key"),
        Error::NothingToRedirectTo => format!("{error}: --tls-cert and --tls-key, or redirect=PORT behind a comma"),
        Error::NoTrustedProxy => format!("{error}: --trusted-proxy"),
        Error::Takeover(_) => format!("{error} (--takeover)"),
        Error::Data(_) => format!("{error} (--data)"),
        Error::Cluster(_) => format!("{error} (--cluster)"),
        Error::StaticFiles { .. } => format!("{error} (--static)"),
        Error::StaticFallback(_) => format!("{error} (--static-fallback)"),
        Error::AllowHttp(_) => format!("{error} (--allow-http)"),
        Error::Otlp(_) | Error::OtlpExporter { .. } => format!("{error} (--otlp)"),
        Error::OtlpSample(_) => format!("{error} (--otlp-sample)"),
        Error::AllowHttpPrivate(_) => format!("{error} (--allow-http-private)"),
        Error::FetchCa { .. } => format!("{error} (--fetch-ca)"),
        Error::NoHandover { .. } => format!("{error}: `ws-host swap --discard-state`"),
        Error::Health { .. } => format!("{error} with --health"),
        Error::AdminSocket { .. } => format!("{error} with --socket"),
        Error::Read { source, path } if source.kind() == ErrorKind::NotFound => format!("{error}; {}", place(path)),
        Error::Read { source, .. } if source.kind() == ErrorKind::IsADirectory => {
            format!("{error}. To build and serve a project's directory, use `ws-host dev DIR`")
        }
        _ => error.to_string(),
    }
}

/// Tells where the component may be, in place of this path.
fn place(path: &Path) -> String {
    let with_extension = path.with_extension("wasm");
    if with_extension.is_file() {
        return format!("did you mean {}?", with_extension.display());
    }
    "`ws-host build DIR` writes app.wasm for a project in any language, cargo target/wasm32-wasip2/release/NAME.wasm".to_owned()
}

/// Returns the flag of a setting, or the setting's own name if the table has no flag for it.
fn flag(setting: &'static str) -> &'static str {
    FLAGS.iter().find(|(name, _)| *name == setting).map_or(setting, |(_, flag)| flag)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;
    use ws_host::Server;
    use ws_host::config::Limits;

    use super::*;
    use crate::arguments::Arguments;

    /// Returns the error line for these limits, which the library refuses.
    fn refusal(change: impl FnOnce(&mut Limits)) -> String {
        let server = Server::builder().port(0).on_client_left(|_, _, _| {}).limits(Limits::with(change)).build();
        in_flags(&server.expect_err("these limits are refused"))
    }

    #[test]
    fn every_flag_of_the_table_is_one_of_run() {
        let root = Arguments::command();
        let run = root.find_subcommand("run").expect("the command exists");
        for (_, flag) in FLAGS {
            assert!(run.get_arguments().any(|argument| argument.get_long() == flag.strip_prefix("--")), "{flag}");
        }
    }

    #[test]
    fn contradictory_limits_are_named_by_their_flags_with_values() {
        let line = refusal(|limits| limits.outbox_soft_bytes = 2 << 20);
        assert!(line.contains("--outbox-soft, 2097152 bytes") && line.contains("--outbox-hard, 1048576 bytes"), "{line}");
        let line = refusal(|limits| limits.max_message_bytes = 2 << 20);
        assert!(line.contains("--max-message, 2097152 bytes") && line.contains("raise --outbox-hard"), "{line}");
    }

    #[test]
    fn a_limit_of_zero_is_named_by_its_flag() {
        type Change = fn(&mut Limits);
        let cases: [(Change, &str); 24] = [
            (|limits| limits.accepts_per_second = Some(0), "--accept-rate"),
            (|limits| limits.call_timeout = Duration::ZERO, "--call-timeout"),
            (|limits| limits.client_memory_bytes = Some(0), "--client-memory"),
            (|limits| limits.close_timeout = Duration::ZERO, "--close-timeout"),
            (|limits| limits.fetch_memory_bytes = 0, "--fetch-memory"),
            (|limits| limits.fetch_room = 0, "--fetch-room"),
            (|limits| limits.fetch_timeout = Duration::ZERO, "--fetch-timeout"),
            (|limits| limits.fetch_total = 0, "--fetch-total"),
            (|limits| limits.handshake_timeout = Duration::ZERO, "--handshake-timeout"),
            (|limits| limits.mailbox_events = 0, "--mailbox"),
            (|limits| limits.max_connections = Some(0), "--max-connections"),
            (|limits| limits.max_message_bytes = 0, "--max-message"),
            (|limits| limits.max_per_address = Some(0), "--max-per-address"),
            (|limits| limits.max_request_bytes = 0, "--max-request"),
            (|limits| limits.max_room_clients = Some(0), "--max-room-clients"),
            (|limits| limits.max_rooms = 0, "--max-rooms"),
            (|limits| limits.message_timeout = Duration::ZERO, "--message-timeout"),
            (|limits| limits.outbox_hard_bytes = 0, "--outbox-hard"),
            (|limits| limits.outbox_soft_bytes = 0, "--outbox-soft"),
            (|limits| limits.ping_interval = Duration::ZERO, "--ping"),
            (|limits| limits.pong_timeout = Duration::ZERO, "--pong"),
            (|limits| limits.request_timeout = Duration::ZERO, "--request-timeout"),
            (|limits| limits.store_expiry = Some(Duration::ZERO), "--store-expiry"),
            (|limits| limits.store_room_bytes = Some(0), "--store-room"),
        ];
        for (change, flag) in cases {
            let line = refusal(change);
            assert!(line.contains(flag), "{flag}: {line}");
        }
    }
}
