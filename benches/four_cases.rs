//! Ours beside the floor and the peers: `cargo bench --bench four_cases`.
//!
//! The bench itself is `peers/four_cases.rs`, in a package of its own, so that the peers' dependencies weigh neither
//! on the library's build nor on its tests. This only passes it on, and its figures land beside the others.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

#[path = "cases/figures.rs"]
mod figures;

fn main() -> ExitCode {
    let (bench, arguments): (Vec<_>, Vec<_>) = env::args_os().skip(1).partition(|argument| argument == "--bench");
    if bench.is_empty() {
        // Cargo only tests that benches run, which is no reason to build the peers.
        return ExitCode::SUCCESS;
    }
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/Cargo.toml"))
        .arg("--")
        .args(arguments)
        .env("CARGO_TARGET_DIR", figures::target_directory())
        .status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
