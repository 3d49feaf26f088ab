//! The counts of a NATS server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::ops::Sub;

use anyhow::Context as _;
use serde_json::Value;

/// Messages and bytes that its clients have sent and got.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) messages_in: f64,
    pub(super) messages_out: f64,
    pub(super) bytes_in: f64,
    pub(super) bytes_out: f64,
}

impl Traffic {
    /// All messages, either way.
    pub(super) fn messages(&self) -> f64 {
        self.messages_in + self.messages_out
    }

    /// All bytes, either way.
    pub(super) fn bytes(&self) -> f64 {
        self.bytes_in + self.bytes_out
    }
}

impl Sub for Traffic {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            messages_in: self.messages_in - before.messages_in,
            messages_out: self.messages_out - before.messages_out,
            bytes_in: self.bytes_in - before.bytes_in,
            bytes_out: self.bytes_out - before.bytes_out,
        }
    }
}

/// Asks the server at its port for monitoring.
pub(super) fn traffic(port: u16) -> anyhow::Result<Traffic> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("asking NATS for its counts")?;
    write!(socket, "GET /varz HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("the answer of NATS has a body")?;
    let counts: Value = serde_json::from_str(body).context("reading the counts of NATS")?;
    let of = |name: &str| counts[name].as_f64().with_context(|| format!("NATS has no {name}"));
    Ok(Traffic {
        messages_in: of("in_msgs")?,
        messages_out: of("out_msgs")?,
        bytes_in: of("in_bytes")?,
        bytes_out: of("out_bytes")?,
    })
}
