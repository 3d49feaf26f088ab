//! Runs `targets::session_machine` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_host_fuzz::targets::session_machine(data));
