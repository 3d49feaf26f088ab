//! The text of a trap.

use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::backtrace::backtrace;
use super::wait_limit::Overdue;
use crate::app::Fault;
use crate::log::in_short;

/// Describes the error of a call of `handler` for people, with the wasm backtrace. `last_words` is the end of what it has written to stderr.
pub(super) fn fault(handler: &str, error: &wasmtime::Error, call_timeout: Duration, last_words: &str) -> Fault {
    let handler_name = Some(handler.to_owned());
    let last_words = (!last_words.is_empty()).then(|| last_words.to_owned());
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        // Languages with exceptions end this way when none is caught. Their stderr says where. The wasm backtrace would show
        // only their interpreter.
        let message = format!("the guest's {handler} exited with status {}", exit.0);
        return Fault { handler: handler_name, message, last_words, backtrace: None };
    }
    let what = match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => {
            format!("ran for longer than the {call_timeout:?} of computing time that a call may take (call timeout)")
        }
        // Rust's `panic!`, a failed allocation and C's `abort` end here. Their message, if any, is on the guest's stderr.
        Some(Trap::UnreachableCodeReached) => "trapped: it panicked or aborted".to_owned(),
        Some(Trap::StackOverflow) => "trapped: its stack overflowed".to_owned(),
        Some(Trap::MemoryOutOfBounds) => "trapped: memory access out of bounds, or its stack overflowed".to_owned(),
        Some(trap) => format!("trapped: {trap}"),
        None => match error.downcast_ref::<Overdue>() {
            Some(overdue) => overdue.to_string(),
            // The error may quote names of the component.
            None => format!("failed: {}", in_short(&error.root_cause().to_string())),
        },
    };
    let trace = error.downcast_ref::<WasmBacktrace>().filter(|trace| !trace.frames().is_empty());
    let message = format!("the guest's {handler} {what}");
    Fault { handler: handler_name, message, last_words, backtrace: trace.map(backtrace) }
}
