//! One record of the journal.
//!
//! ```text
//! head     key 16 bytes · number of turns u32 · bytes of the body u32
//! body     per turn: 4 × f32 of the score · f32 of escalation (NaN: not told) ·
//!          number of phrases u32 ·
//!          per phrase: first character u32 · character after the last u32 ·
//!          chance f32 · length u8 and bytes of the category's name
//! end      checksum 8 bytes
//! ```

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Buf as _;
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
        let mut fields = head.as_slice();
        let mut key = Key::default();
        fields.copy_to_slice(&mut key);
        let (turns, size) = (fields.get_u32_le(), fields.get_u32_le());
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
        let mut body = body;
        let readings: Option<Vec<Reading>> = (0..turns).map(|_| reading(&mut body)).collect();
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
    for reading in readings {
        let Reading {
            score,
            escalation,
            phrases,
        } = reading;
        for part in [
            score.negative,
            score.neutral,
            score.positive,
            score.valence,
            escalation.unwrap_or(f32::NAN),
        ] {
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

/// The next reading of a record's body; `None` where it ends before.
fn reading(body: &mut &[u8]) -> Option<Reading> {
    let score = Score {
        negative: body.try_get_f32_le().ok()?,
        neutral: body.try_get_f32_le().ok()?,
        positive: body.try_get_f32_le().ok()?,
        valence: body.try_get_f32_le().ok()?,
    };
    let escalation = Some(body.try_get_f32_le().ok()?).filter(|chance| !chance.is_nan());
    let phrases = match body.try_get_u32_le().ok()? {
        NO_PHRASES => None,
        count => {
            let phrases: Option<Vec<_>> = (0..count).map(|_| phrase(body)).collect();
            Some(phrases?.into())
        }
    };
    Some(Reading {
        score,
        escalation,
        phrases,
    })
}

fn phrase(body: &mut &[u8]) -> Option<MarkedPhrase> {
    let start = body.try_get_u32_le().ok()?;
    let end = body.try_get_u32_le().ok()?;
    let chance = body.try_get_f32_le().ok()?;
    let length = body.try_get_u8().ok()?;
    let category = std::str::from_utf8(body.split_off(..length.into())?).ok()?;
    Some(MarkedPhrase {
        start,
        end,
        chance,
        category: Arc::from(category),
    })
}

/// Fills the buffer; `false` where the stream ends before.
fn is_filled(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
