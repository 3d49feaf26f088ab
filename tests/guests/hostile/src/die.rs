//! Ways to die.

use std::hint::black_box;

/// Never returns.
pub fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Dies in the way that `what` names.
pub fn of(what: &str) {
    match what {
        "panic" => the_function_that_panics(),
        "recursion" => drop(black_box(recursion(0))),
        "memory" => memory(),
        "unreachable" => unreachable(),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        _ => {}
    }
}

#[inline(never)]
fn the_function_that_panics() {
    panic!("this is the panic's message");
}

#[cfg(target_arch = "wasm32")]
fn unreachable() {
    std::arch::wasm32::unreachable();
}

#[cfg(not(target_arch = "wasm32"))]
fn unreachable() {}

#[expect(unconditional_recursion, reason = "that is the point")]
#[inline(never)]
fn recursion(depth: u64) -> u64 {
    let here = black_box([depth; 8]);
    recursion(depth + 1) + here[7]
}

fn memory() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}
