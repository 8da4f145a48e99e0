//! One test for each attack, against real servers on loopback.
//!
//! Each file is one kind of attacker.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests, and what they are made of")]

mod client;
mod forms;
mod linear;
mod mediawiki;
mod provider;
mod support;
mod verify;
