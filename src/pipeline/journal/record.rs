//! One record of the journal.
//!
//! ```text
//! head     key 16 bytes · number of turns u32 · bytes of the body u32
//! body     per turn: 4 × f32 of the score · number of phrases u32 ·
//!          per phrase: first character u32 · character after the last u32 ·
//!          chance f32 · length u8 and bytes of the category's name
//! end      checksum 8 bytes
//! ```

use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::sentiment::{MarkedPhrase, Reading, Score};

const KEY_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 8;
const HEAD_BYTES: usize = KEY_BYTES + 4 + 4;

/// Number of phrases where the model marks none.
const NO_PHRASES: u32 = u32::MAX;

/// Hash of a call's texts.
pub(super) type Key = [u8; KEY_BYTES];

/// The readings of one call.
pub(super) struct Record {
    pub key: Key,
    pub readings: Vec<Reading>,
    /// Bytes it takes in the journal.
    pub length: u64,
}

impl Record {
    /// One record of a stream with `left` bytes; `None` where there is no whole one.
    pub fn read(reader: &mut impl Read, left: u64) -> io::Result<Option<Self>> {
        let mut head = [0; HEAD_BYTES];
        if !is_filled(reader, &mut head)? {
            return Ok(None);
        }
        let mut fields = Fields(&head);
        let (Some(key), Some(turns), Some(size)) = (fields.array(), fields.whole(), fields.whole())
        else {
            return Ok(None);
        };
        // What is damaged must not ask for memory that the file does not account for.
        let rest = u64::from(size) + CHECKSUM_BYTES as u64;
        if rest > left.saturating_sub(HEAD_BYTES as u64) {
            return Ok(None);
        }
        let mut body = vec![0; rest as usize];
        if !is_filled(reader, &mut body)? {
            return Ok(None);
        }
        let (body, checksum) = body.split_at(size as usize);
        let expected: [u8; CHECKSUM_BYTES] =
            shortened(Sha256::new_with_prefix(head).chain_update(body));
        if checksum != expected {
            return Ok(None);
        }
        let mut fields = Fields(body);
        let readings: Option<Vec<Reading>> = (0..turns).map(|_| fields.reading()).collect();
        Ok(readings.map(|readings| Self {
            key,
            readings,
            length: HEAD_BYTES as u64 + rest,
        }))
    }
}

/// The record of a call's readings.
pub(super) fn bytes(key: &Key, readings: &[Reading]) -> Vec<u8> {
    let mut body = Vec::new();
    for Reading { score, phrases } in readings {
        for part in [score.negative, score.neutral, score.positive, score.valence] {
            body.extend_from_slice(&part.to_le_bytes());
        }
        let count = phrases
            .as_ref()
            .map_or(NO_PHRASES, |phrases| phrases.len() as u32);
        body.extend_from_slice(&count.to_le_bytes());
        for phrase in phrases.iter().flat_map(|phrases| phrases.iter()) {
            body.extend_from_slice(&phrase.start.to_le_bytes());
            body.extend_from_slice(&phrase.end.to_le_bytes());
            body.extend_from_slice(&phrase.chance.to_le_bytes());
            let length = u8::try_from(phrase.category.len()).unwrap_or(0);
            body.push(length);
            body.extend_from_slice(&phrase.category.as_bytes()[..length.into()]);
        }
    }
    let mut record = Vec::with_capacity(HEAD_BYTES + body.len() + CHECKSUM_BYTES);
    record.extend_from_slice(key);
    record.extend_from_slice(&(readings.len() as u32).to_le_bytes());
    record.extend_from_slice(&(body.len() as u32).to_le_bytes());
    record.extend_from_slice(&body);
    let checksum: [u8; CHECKSUM_BYTES] = shortened(Sha256::new_with_prefix(&record));
    record.extend_from_slice(&checksum);
    record
}

/// The first bytes of a hash.
pub(super) fn shortened<const N: usize>(hash: Sha256) -> [u8; N] {
    let mut short = [0; N];
    short.copy_from_slice(&hash.finalize()[..N]);
    short
}

/// Takes bytes apart; `None` where they end before.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn whole(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn number(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes)
    }

    fn reading(&mut self) -> Option<Reading> {
        let score = Score {
            negative: self.number()?,
            neutral: self.number()?,
            positive: self.number()?,
            valence: self.number()?,
        };
        let phrases = match self.whole()? {
            NO_PHRASES => None,
            count => {
                let phrases: Option<Vec<_>> = (0..count).map(|_| self.phrase()).collect();
                Some(phrases?.into())
            }
        };
        Some(Reading { score, phrases })
    }

    fn phrase(&mut self) -> Option<MarkedPhrase> {
        let (start, end, chance) = (self.whole()?, self.whole()?, self.number()?);
        let [length] = self.array()?;
        let category = std::str::from_utf8(self.take(length.into())?).ok()?;
        Some(MarkedPhrase {
            start,
            end,
            chance,
            category: Arc::from(category),
        })
    }
}

/// Fills the buffer; `false` where the stream ends before.
fn is_filled(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
