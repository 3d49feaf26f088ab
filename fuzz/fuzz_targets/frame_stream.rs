//! Runs `targets::frame_stream` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_host_fuzz::targets::frame_stream(data));
