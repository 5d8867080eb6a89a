#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| callheat_fuzz::findings(bytes));
