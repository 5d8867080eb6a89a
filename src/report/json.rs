use std::io::{self, Write};

use serde::Serialize;

use super::{BatchHead, BatchTail, Destination, Report};
use crate::heatmap::{CallReport, SCHEMA};

/// One JSON object: the head, one call a line, the tail.
pub struct JsonReport {
    out: Destination,
    any: bool,
}

/// One object of `calls` a line, then the rest as the last line with
/// `"calls": null`.
pub struct JsonLinesReport {
    out: Destination,
    head: BatchHead,
}

impl JsonReport {
    /// Writes the head.
    pub fn begin(mut out: Destination, head: &BatchHead) -> io::Result<Self> {
        out.write_all(b"{")?;
        write_head(&mut out, head)?;
        out.write_all(b",\n\"calls\":[")?;
        Ok(Self { out, any: false })
    }
}

impl Report for JsonReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        self.out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        serde_json::to_writer(&mut self.out, call)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, tail: &BatchTail) -> io::Result<()> {
        self.out.write_all(b"\n],\n")?;
        write_tail(&mut self.out, tail, ",\n")?;
        self.out.write_all(b"}\n")?;
        self.out.finish()
    }
}

impl JsonLinesReport {
    /// Keeps the head for the last line.
    pub fn begin(out: Destination, head: &BatchHead) -> Self {
        Self {
            out,
            head: head.clone(),
        }
    }
}

impl Report for JsonLinesReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, call)?;
        self.out.write_all(b"\n")
    }

    fn finish(mut self: Box<Self>, tail: &BatchTail) -> io::Result<()> {
        write_rest(&mut self.out, &self.head, tail)?;
        self.out.write_all(b"\n")?;
        self.out.finish()
    }
}

/// Everything but the calls as one object with `"calls": null`.
pub(super) fn write_rest(
    out: &mut impl Write,
    head: &BatchHead,
    tail: &BatchTail,
) -> io::Result<()> {
    out.write_all(b"{")?;
    write_head(out, head)?;
    out.write_all(b",\"calls\":null,")?;
    write_tail(out, tail, ",")?;
    out.write_all(b"}")
}

fn write_head(out: &mut impl Write, head: &BatchHead) -> io::Result<()> {
    write_field(out, "schema", SCHEMA)?;
    out.write_all(b",")?;
    write_field(out, "generator", &head.generator)?;
    out.write_all(b",")?;
    write_field(out, "model", &head.model)?;
    out.write_all(b",")?;
    write_field(out, "bins", &head.bins)
}

fn write_tail(out: &mut impl Write, tail: &BatchTail, between: &str) -> io::Result<()> {
    write_field(out, "terms", &tail.terms)?;
    out.write_all(between.as_bytes())?;
    write_field(out, "heatmap", &tail.heatmap)?;
    out.write_all(between.as_bytes())?;
    write_field(out, "summary", &tail.summary)?;
    out.write_all(between.as_bytes())?;
    write_field(out, "failures", &tail.failures)
}

fn write_field(
    out: &mut impl Write,
    name: &str,
    value: &(impl Serialize + ?Sized),
) -> io::Result<()> {
    write!(out, "\"{name}\":")?;
    serde_json::to_writer(&mut *out, value)?;
    Ok(())
}
