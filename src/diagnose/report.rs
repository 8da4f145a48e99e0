//! The report of a diagnosis.

use std::fmt;

use super::cause::Cause;
use super::compare::Comparison;
use super::shown::Side;
use super::table;

/// The result of a diagnosis: causes, the most likely first, and a comparison.
///
/// The comparison is that of the two base strings.
///
/// `Display` writes it as plain text for people. It contains values of parameters, so keep it out of logs that others
/// read; it never contains a secret. `Debug` shows the causes and no value.
///
/// [`Diagnosis::report`](super::Diagnosis::report) makes it: see the example of [the module](super).
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    pub(super) side: Side,
    pub(super) request: String,
    pub(super) answer: Option<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) comparison: Option<Comparison>,
}

/// One possible cause, with its evidence and a remedy.
///
/// The example of [`Cause`](super::Cause) reads one.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    pub(super) cause: Cause,
    pub(super) certainty: Certainty,
    pub(super) evidence: String,
    pub(super) headline: String,
    pub(super) remedy: String,
    /// Higher stands first among equally certain ones.
    pub(super) weight: u8,
}

/// The degree to which a cause is established. The higher one is the more certain.
///
/// [`Finding::certainty`] returns it: see the example of [`Cause`](super::Cause).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Nothing speaks against it, and it is common.
    Possible,
    /// The request or the answer hints at it.
    Likely,
    /// The other side states it, or it reproduces what the other side computed.
    Certain,
}

impl Report {
    /// The causes, the most likely first. It is empty if nothing is wrong.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The most likely cause.
    pub fn cause(&self) -> Option<&Cause> {
        self.findings.first().map(Finding::cause)
    }

    /// The comparison of the two base strings, if the other side's is known.
    ///
    /// It was given, or reproduced from its signature.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()
    }
}

impl Finding {
    /// The cause.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// How certain the cause is.
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// The cause in one sentence, without a full stop.
    pub fn headline(&self) -> &str {
        &self.headline
    }

    /// The observation that speaks for the cause.
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// The remedy, in one line.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl Certainty {
    /// The word for it: `certain`, `likely` or `possible`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("request", &self.request)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("cause", &self.cause)
            .field("certainty", &self.certainty)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "request   {}", self.request)?;
        if let Some(answer) = &self.answer {
            writeln!(f, "answer    {answer}")?;
        }
        if self.findings.is_empty() {
            writeln!(f, "\nNothing is wrong with the signature, as far as this side can tell.")?;
        }
        for (number, finding) in (1..).zip(&self.findings) {
            writeln!(f, "\n{number}. {}: {}", finding.certainty, finding.headline)?;
            writeln!(f, "   evidence  {}", finding.evidence)?;
            writeln!(f, "   remedy    {}", finding.remedy)?;
        }
        if let Some(comparison) = self.comparison.as_ref().filter(|comparison| !comparison.differences().is_empty()) {
            write!(f, "\n{}", table::comparison(comparison, self.side))?;
        }
        Ok(())
    }
}
