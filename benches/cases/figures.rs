//! Duration and storage of figures, for benches that do not use criterion.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]
#![allow(dead_code, reason = "each bench uses the part it needs")]
#![allow(unreachable_pub, reason = "included in crates of their own")]

use std::path::{Path, PathBuf};
use std::{env, fs};

#[derive(Clone, Copy)]
pub enum Run {
    Measure,
    /// Cargo only tests that the bench runs.
    Smoke,
}

impl Run {
    pub fn from_arguments() -> Self {
        let has = |wanted| env::args().any(|argument| argument == wanted);
        if has("--bench") && !has("--test") { Self::Measure } else { Self::Smoke }
    }

    pub fn rounds(self, of_a_measurement: usize) -> usize {
        match self {
            Self::Measure => of_a_measurement,
            Self::Smoke => 1,
        }
    }

    /// Puts what was measured beside criterion's figures, for `benches/chart`.
    pub fn keep(self, bench: &str, figures: &serde_json::Value) {
        if let Self::Measure = self {
            let directory = target_directory().join("criterion");
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(bench).with_extension("json"), figures.to_string()).unwrap();
        }
    }
}

/// The target directory of this program, found by its own path: `target/release/deps/four_cases-…`.
pub fn target_directory() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).unwrap_or(Path::new("target")).to_owned()
}
