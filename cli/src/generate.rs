//! `oauth1 completions` and `oauth1 man`: generated from the command line itself.

use std::io::{self, Write as _};

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::{Failure, Status};

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<Status, Failure> {
    // Written at once: clap_complete panics if the standard output closes.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "oauth1", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Status::Done)
}

/// Prints the man page of the command and of each subcommand, one after the other.
pub(crate) fn man() -> Result<Status, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut out = io::stdout().lock();
    page(&command, "oauth1", &mut out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        page(subcommand, &format!("oauth1-{}", subcommand.get_name()), &mut out)?;
    }
    Ok(Status::Done)
}

fn page(command: &Command, name: &str, out: &mut impl io::Write) -> Result<(), Failure> {
    // The title of a page is the name of the command, for which clap demands that it lives as long as the program.
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    Man::new(command.clone().name(name)).render(out)?;
    Ok(())
}
