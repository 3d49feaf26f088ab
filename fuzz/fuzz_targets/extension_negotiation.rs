//! Runs `targets::extension_negotiation` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_host_fuzz::targets::extension_negotiation(data));
