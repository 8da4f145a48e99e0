//! The exit statuses of the command, and the errors that lead to them.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// The exit status. The help of `oauth1` lists the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The command did its work; the answer was a success.
    Done = 0,
    /// The server rejected the authorization, the user denied it, or `explain` found a fault.
    Refused = 1,
    /// The command line, the profile or a file is wrong; nothing was sent. Also clap's own status.
    Usage = 2,
    /// The answer is an error for another reason.
    HttpError = 3,
    /// There was no answer.
    NoAnswer = 4,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Nothing was sent; the message names the fault and the remedy.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { status: Status::Usage, message: message.into(), source: None }
    }

    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), source: None }
    }

    /// Adds the error of another crate, which is shown after the message.
    pub(crate) fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }
}

impl fmt::Display for Failure {
    /// The message, and each cause that says something new.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut said = self.message.clone();
        let mut cause = self.source.as_deref().map(|source| source as &(dyn Error + 'static));
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said += &text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Failure {}

/// For writing to the standard output. A reader that has enough, such as `head`, is no error.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(Status::Done, "");
        }
        Self::usage("cannot write the output").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_shown_once() {
        let inner = std::io::Error::other("connection refused");
        let failure = Failure::new(Status::NoAnswer, "no answer from https://a.example").caused_by(inner);
        assert_eq!(failure.to_string(), "no answer from https://a.example: connection refused");
        let repeated = Failure::usage("no answer: connection refused").caused_by("connection refused");
        assert_eq!(repeated.to_string(), "no answer: connection refused");
    }
}
