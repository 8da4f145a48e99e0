//! The answer on its way to the standard output or a file.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Version};
use http_body::Body;
use http_body_util::BodyExt as _;

use super::progress::bar;
use crate::failure::{Failure, Status};
use crate::paint::{FAINT, paint, printable, warning};
use crate::redact;

/// The beginning of an answer, which a report needs. Refusals are short.
const KEPT: usize = 64 * 1024;

/// Writes the body, and returns its beginning.
pub(crate) async fn write<B>(body: B, file: Option<&Path>) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut sink = Sink::open(file)?;
    let to_terminal = file.is_none() && io::stdout().is_terminal();
    let bar = if to_terminal { indicatif::ProgressBar::hidden() } else { bar(body.size_hint().exact(), "receiving") };
    let mut kept = Vec::new();
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::new(Status::NoAnswer, "the answer broke off").caused_by(error))?;
        let Ok(data) = frame.into_data() else { continue };
        bar.inc(data.len() as u64);
        kept.extend_from_slice(&data[..data.len().min(KEPT - kept.len())]);
        sink.write(&data, to_terminal)?;
    }
    bar.finish_and_clear();
    sink.finish(to_terminal)?;
    Ok(kept.into())
}

/// The destination of the body.
enum Sink {
    Stdout { ends_line: bool, binary: bool },
    File(PathBuf, std::fs::File),
}

impl Sink {
    fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self::Stdout { ends_line: true, binary: false }) };
        match std::fs::File::create(path) {
            Ok(file) => Ok(Self::File(path.to_owned(), file)),
            Err(error) => Err(Failure::usage(format!("cannot write {}", path.display())).caused_by(error)),
        }
    }

    fn write(&mut self, data: &[u8], to_terminal: bool) -> Result<(), Failure> {
        match self {
            Self::File(path, file) => file
                .write_all(data)
                .map_err(|error| Failure::usage(format!("cannot write {}", path.display())).caused_by(error)),
            Self::Stdout { binary: true, .. } => Ok(()),
            Self::Stdout { binary, .. } if to_terminal && data.contains(&0) => {
                warning(&"the answer is binary; write it to a file with -o");
                *binary = true;
                Ok(())
            }
            Self::Stdout { ends_line, .. } => {
                *ends_line = data.ends_with(b"\n");
                let mut out = io::stdout().lock();
                match to_terminal {
                    true => out.write_all(printable(&String::from_utf8_lossy(data)).as_bytes())?,
                    false => out.write_all(data)?,
                }
                Ok(out.flush()?)
            }
        }
    }

    fn finish(&self, to_terminal: bool) -> Result<(), Failure> {
        if let Self::Stdout { ends_line: false, .. } = self
            && to_terminal
        {
            writeln!(io::stdout())?;
        }
        Ok(())
    }
}

/// Prints the status line and the headers, as they came.
pub(crate) fn head(out: &mut impl Write, parts: &Parts) -> io::Result<()> {
    writeln!(out, "{} {}", version(parts.version), parts.status)?;
    for (name, value) in &parts.headers {
        writeln!(out, "{name}: {}", printable(&String::from_utf8_lossy(value.as_bytes())))?;
    }
    writeln!(out)
}

/// Prints lines to the standard error with a mark before each.
///
/// The mark is `>` for sent, `<` for received.
pub(crate) fn trace(mark: char, first: &str, headers: &HeaderMap) {
    let mut err = anstream::stderr();
    // The standard error may be closed; there is no other place to say so.
    let _ = writeln!(err, "{} {}", paint(FAINT, mark), printable(first));
    for (name, value) in redact::headers(headers) {
        let _ = writeln!(err, "{} {}: {}", paint(FAINT, mark), name, printable(&value));
    }
}

/// Prints a remark to the standard error.
pub(crate) fn remark(label: &str, text: &str) {
    let text = printable(&redact::base_string(text));
    let _ = writeln!(anstream::stderr(), "{} {label}: {text}", paint(FAINT, '*'));
}

pub(crate) fn version(version: Version) -> String {
    format!("{version:?}")
}
