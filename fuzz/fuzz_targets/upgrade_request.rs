//! Runs `targets::upgrade_request` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_host_fuzz::targets::upgrade_request(data));
