//! Blocks of data in the page: JSON, deflated, in base64, in an element that the
//! browser neither runs nor shows.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::value::RawValue;

/// A call block is closed at this many bytes of JSON: some dozens of calls, a
/// few milliseconds to decode in the browser, and far above the 32 KiB that
/// deflate looks back.
const BLOCK_BYTES: usize = 256 * 1024;

/// Deflates `data` without a header, as the browser's `deflate-raw` reads it.
pub fn deflate(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(7));
    encoder.write_all(data)?;
    encoder.finish()
}

/// Writes one deflated block into the page.
pub fn write_block(out: &mut impl Write, kind: &str, deflated: &[u8]) -> io::Result<()> {
    let text = STANDARD.encode(deflated);
    writeln!(
        out,
        r#"<script type="application/x-callheat" data-block="{kind}">{text}</script>"#
    )
}

/// The calls of a batch on their way into the page: all of them in a temporary
/// file, and the ranks of the worst.
pub struct CallBlocks {
    spill: BufWriter<File>,
    open: OpenBlock,
    /// Positions of the calls in each block of the spill.
    closed: Vec<Vec<usize>>,
    calls: usize,
    most: usize,
    /// The `most` worst calls so far, the least bad on top.
    worst: BinaryHeap<Rank>,
}

/// A block that still takes calls: a JSON array without its last bracket.
#[derive(Default)]
struct OpenBlock {
    json: Vec<u8>,
    positions: Vec<usize>,
}

impl OpenBlock {
    fn push(&mut self, position: usize, call: &[u8]) {
        self.json.push(if self.positions.is_empty() {
            b'['
        } else {
            b','
        });
        self.json.extend_from_slice(call);
        self.positions.push(position);
    }

    fn is_full(&self) -> bool {
        self.json.len() >= BLOCK_BYTES
    }

    /// Empties the block: its deflated JSON and the positions of its calls.
    fn close(&mut self) -> io::Result<(Vec<u8>, Vec<usize>)> {
        self.json.push(b']');
        let deflated = deflate(&self.json)?;
        self.json.clear();
        Ok((deflated, std::mem::take(&mut self.positions)))
    }
}

impl CallBlocks {
    /// Keeps the `most` worst of the calls that will come.
    /// They wait in an unnamed file in `folder`, else in the temporary folder.
    pub fn new(most: usize, folder: Option<&Path>) -> io::Result<Self> {
        let spill = match folder {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        Ok(Self {
            spill: BufWriter::new(spill),
            open: OpenBlock::default(),
            closed: Vec::new(),
            calls: 0,
            most,
            worst: BinaryHeap::new(),
        })
    }

    /// Adds a serialised call.
    pub fn push(&mut self, position: usize, risk: f64, lowest: f64, json: &[u8]) -> io::Result<()> {
        self.calls += 1;
        self.worst.push(Rank {
            risk,
            lowest,
            position,
        });
        if self.worst.len() > self.most {
            self.worst.pop();
        }
        self.open.push(position, json);
        if self.open.is_full() {
            self.spill_open()
        } else {
            Ok(())
        }
    }

    /// Writes the worst calls into the page, and tells which block has which.
    pub fn write(mut self, out: &mut impl Write) -> io::Result<Vec<Vec<usize>>> {
        if !self.open.positions.is_empty() {
            self.spill_open()?;
        }
        let mut file = self
            .spill
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut spill = Spill(BufReader::new(file));
        if self.calls <= self.most {
            for _ in &self.closed {
                write_block(out, "calls", &spill.next()?)?;
            }
            return Ok(self.closed);
        }
        let mut chosen: Vec<usize> = self.worst.into_iter().map(|rank| rank.position).collect();
        chosen.sort_unstable();
        write_chosen(out, &mut spill, &self.closed, &chosen)
    }

    fn spill_open(&mut self) -> io::Result<()> {
        let (deflated, positions) = self.open.close()?;
        self.spill
            .write_all(&(deflated.len() as u64).to_le_bytes())?;
        self.spill.write_all(&deflated)?;
        self.closed.push(positions);
        Ok(())
    }
}

/// Repacks the chosen calls (positions, ascending) into blocks of their own.
fn write_chosen(
    out: &mut impl Write,
    spill: &mut Spill,
    closed: &[Vec<usize>],
    chosen: &[usize],
) -> io::Result<Vec<Vec<usize>>> {
    let mut written = Vec::new();
    let mut open = OpenBlock::default();
    for positions in closed {
        let deflated = spill.next()?;
        if !positions
            .iter()
            .any(|position| chosen.binary_search(position).is_ok())
        {
            continue;
        }
        let mut json = Vec::new();
        DeflateDecoder::new(deflated.as_slice()).read_to_end(&mut json)?;
        let calls: Vec<&RawValue> = serde_json::from_slice(&json)?;
        for (&position, call) in positions.iter().zip(calls) {
            if chosen.binary_search(&position).is_ok() {
                open.push(position, call.get().as_bytes());
            }
            if open.is_full() {
                let (deflated, positions) = open.close()?;
                write_block(out, "calls", &deflated)?;
                written.push(positions);
            }
        }
    }
    if !open.positions.is_empty() {
        let (deflated, positions) = open.close()?;
        write_block(out, "calls", &deflated)?;
        written.push(positions);
    }
    Ok(written)
}

/// Deflated blocks in a file, each after its length.
struct Spill(BufReader<File>);

impl Spill {
    fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 8];
        self.0.read_exact(&mut length)?;
        let mut deflated = Vec::new();
        (&mut self.0)
            .take(u64::from_le_bytes(length))
            .read_to_end(&mut deflated)?;
        Ok(deflated)
    }
}

/// Orders calls from the worst to the least bad: higher risk, then the lower
/// level of the customer, then the earlier in the batch.
struct Rank {
    risk: f64,
    lowest: f64,
    position: usize,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .risk
            .total_cmp(&self.risk)
            .then(self.lowest.total_cmp(&other.lowest))
            .then(self.position.cmp(&other.position))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Rank {}
