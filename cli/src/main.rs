//! The `oauth1` command: signs, sends, explains and inspects OAuth 1.0a requests.
//!
//! `README.md` shows each subcommand; `oauth1 help` lists their options.

mod cli;
mod credentials;
mod explain;
mod failure;
mod generate;

mod login;
mod message;
mod paint;
mod profile;
mod redact;
mod report;
mod request;
mod serve;
mod service;
mod sign;
mod signing;
mod transport;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use failure::{Failure, Status};

#[tokio::main]
async fn main() -> ExitCode {
    let status = match run(Cli::parse().command).await {
        Ok(status) => status,
        Err(failure) => {
            if failure.status() != Status::Done {
                paint::error(&failure);
            }
            failure.status()
        }
    };
    status.into()
}

async fn run(command: Command) -> Result<Status, Failure> {
    match command {
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Request(arguments) => request::run(&arguments).await,
        Command::Login(arguments) => login::run(&arguments).await,
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments).await,
        Command::Completions { shell } => generate::completions(shell),
        Command::Man => generate::man(),
    }
}
