//! From bytes to text: UTF-8 with or without BOM, UTF-16, GB18030.

use std::io::{self, BufReader, Read};

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::error::Problem;

/// Bytes looked at to recognise encoding and format.
pub const SAMPLE: usize = 64 * 1024;

/// A byte that no UTF-8 text has; it marks where the input could not be decoded,
/// so that the line concerned is found bad and no other.
const BAD: u8 = 0xFF;

/// An input as UTF-8, with its beginning to recognise the format by.
pub struct Decoded {
    /// The whole input, sample included; invalid bytes are left in.
    pub reader: BufReader<Box<dyn Read + Send>>,
    /// The beginning of the input.
    pub sample: String,
    /// Whether the sample is all there is.
    pub complete: bool,
    /// Name of the encoding, for messages.
    pub encoding: &'static str,
}

/// Recognises the encoding and opens the input as UTF-8. The
/// sample decides; a beginning in ASCII leaves the decision to what follows.
pub fn decode(mut input: Box<dyn Read + Send>) -> Result<Decoded, Problem> {
    let mut head = vec![0; SAMPLE];
    let filled = fill(&mut input, &mut head)?;
    head.truncate(filled);
    let complete = filled < SAMPLE;
    reject_known_binaries(&head)?;
    let (found, bom) = guess(&head, complete);
    let body = head.get(bom..).unwrap_or_default().to_vec();
    let sample = match found {
        Some(encoding) => encoding.decode_without_bom_handling(&body).0.into_owned(),
        None => String::from_utf8_lossy(&body).into_owned(),
    };
    if looks_binary(&sample) {
        return Err(binary());
    }
    let raw = io::Cursor::new(body).chain(input);
    let reader: Box<dyn Read + Send> = match found {
        Some(encoding) if encoding == UTF_8 => Box::new(raw),
        _ => Box::new(Transcoder::new(Box::new(raw), found)),
    };
    let encoding = found.unwrap_or(UTF_8).name();
    Ok(Decoded {
        reader: BufReader::with_capacity(SAMPLE, reader),
        sample,
        complete,
        encoding,
    })
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The encoding, or `None` for ASCII so far, and the length of the BOM.
fn guess(head: &[u8], complete: bool) -> (Option<&'static Encoding>, usize) {
    if let Some((encoding, length)) = Encoding::for_bom(head) {
        return (Some(encoding), length);
    }
    if let Some(encoding) = utf16_without_bom(head) {
        return (Some(encoding), 0);
    }
    if head.is_ascii() {
        return (None, 0);
    }
    (Some(eight_bit(head, complete)), 0)
}

/// UTF-8 when it is valid, or when what is invalid is little beside what is
/// valid (a damaged line); otherwise GB18030.
fn eight_bit(bytes: &[u8], complete: bool) -> &'static Encoding {
    let (mut valid, mut invalid) = (0_usize, 0_usize);
    let chunks: Vec<_> = bytes.utf8_chunks().collect();
    for (index, chunk) in chunks.iter().enumerate() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let cut_off = index + 1 == chunks.len() && !complete && chunk.invalid().len() < 4;
        invalid += usize::from(!chunk.invalid().is_empty() && !cut_off);
    }
    if invalid == 0 || valid > 8 * invalid {
        UTF_8
    } else {
        GB18030
    }
}

/// UTF-16 shows itself by zero bytes in one of every two places; the other has
/// few (一 is 4E 00).
fn utf16_without_bom(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| {
        head.iter()
            .skip(parity)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let encoding = match (zeros(0), zeros(1)) {
        (0, 0) => return None,
        (even, odd) if odd > 4 * even => UTF_16LE,
        (even, odd) if even > 4 * odd => UTF_16BE,
        _ => return None,
    };
    let whole = head.get(..head.len() & !1).unwrap_or_default();
    let (text, _) = encoding.decode_without_bom_handling(whole);
    let usual = text.chars().filter(|c| is_usual(*c)).count();
    (usual * 10 >= text.chars().count() * 9).then_some(encoding)
}

/// Characters of which Chinese transcripts consist.
fn is_usual(c: char) -> bool {
    matches!(c, ' '..='~' | '\n' | '\r' | '\t' | '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{2010}'..='\u{2026}')
}

/// Control characters have no place in a transcript.
fn looks_binary(sample: &str) -> bool {
    let control = sample
        .chars()
        .filter(|c| {
            c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}' | '\u{85}')
        })
        .count();
    sample.contains('\0') || control * 50 > sample.chars().count()
}

fn binary() -> Problem {
    Problem::Binary {
        kind: "it has bytes that no text has",
        advice: "give the transcript as text or JSON",
    }
}

/// Files that stand beside transcripts, by their first bytes.
fn reject_known_binaries(head: &[u8]) -> Result<(), Problem> {
    const AUDIO: &str = "transcribe the recording first and give the transcript";
    const KNOWN: [(&[u8], &str, &str); 10] = [
        (b"RIFF", "audio (RIFF/WAV)", AUDIO),
        (b"ID3", "audio (MP3)", AUDIO),
        (b"fLaC", "audio (FLAC)", AUDIO),
        (b"OggS", "audio (Ogg)", AUDIO),
        (b"#!AMR", "audio (AMR)", AUDIO),
        (
            b"PK\x03\x04",
            "a ZIP or Excel file",
            "unpack it, or save the sheet as CSV",
        ),
        (
            b"\xD0\xCF\x11\xE0",
            "an old Office file",
            "save the sheet as CSV",
        ),
        (b"\x1F\x8B", "gzip", "unpack it with gunzip first"),
        (b"%PDF", "a PDF file", "export the transcript as text"),
        (b"\x89PNG", "a picture", "remove it from the input"),
    ];
    match KNOWN.iter().find(|(magic, _, _)| head.starts_with(magic)) {
        Some((_, kind, advice)) => Err(Problem::Binary { kind, advice }),
        None => Ok(()),
    }
}

/// Decodes a stream to UTF-8. A beginning in ASCII passes as it is, until the
/// first other byte shows the encoding.
struct Transcoder {
    input: Box<dyn Read + Send>,
    found: Option<&'static Encoding>,
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    out: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Transcoder {
    fn new(input: Box<dyn Read + Send>, found: Option<&'static Encoding>) -> Self {
        let decoder = found.map(Encoding::new_decoder_without_bom_handling);
        Self {
            input,
            found,
            decoder,
            raw: vec![0; SAMPLE],
            out: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.given = 0;
        let count = fill(&mut self.input, &mut self.raw)?;
        self.ended = count < self.raw.len();
        let chunk = self.raw.get(..count).unwrap_or_default();
        if self.found.is_none() && !chunk.is_ascii() {
            self.found = Some(eight_bit(chunk, self.ended));
        }
        match self.found {
            None => self.out.extend_from_slice(chunk),
            Some(encoding) if encoding == UTF_8 => self.out.extend_from_slice(chunk),
            Some(encoding) => {
                let decoder = self
                    .decoder
                    .get_or_insert_with(|| encoding.new_decoder_without_bom_handling());
                transcode(decoder, chunk, self.ended, &mut self.out);
            }
        }
        Ok(())
    }
}

fn transcode(decoder: &mut encoding_rs::Decoder, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(bytes, &mut buffer, last);
        out.extend_from_slice(buffer.get(..written).unwrap_or_default());
        bytes = bytes.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => out.push(BAD),
        }
    }
}

impl Read for Transcoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let rest = self.out.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        let mut decoded = decode(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap();
        let mut text = String::new();
        decoded.reader.read_to_string(&mut text).unwrap();
        text
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "客服：您好，请问有什么可以帮您？ok\r\n客户：我要投诉\r\n";
        assert_eq!(text_of(text.as_bytes()), text);
        assert_eq!(text_of(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), text);
        assert_eq!(text_of(&GB18030.encode(text).0), text);
        for little in [true, false] {
            assert_eq!(text_of(&utf16(text, little)), text, "without BOM");
            assert_eq!(
                text_of(&utf16(&format!("\u{FEFF}{text}"), little)),
                text,
                "with BOM"
            );
        }
    }

    #[test]
    fn a_long_ascii_beginning_does_not_decide() {
        let text = format!("{}客服：您好\n", "a".repeat(SAMPLE + 5));
        assert_eq!(text_of(&GB18030.encode(&text).0), text);
        assert_eq!(text_of(text.as_bytes()), text);
    }

    #[test]
    fn a_damaged_line_leaves_the_others_readable() {
        let mut bytes = "客服：您好请问有什么可以帮您\n".as_bytes().to_vec();
        bytes.extend_from_slice(b"\xE5\xAE\n");
        bytes.extend_from_slice("客户：我要投诉\n".as_bytes());
        let mut decoded = decode(Box::new(io::Cursor::new(bytes))).unwrap();
        let mut all = Vec::new();
        decoded.reader.read_to_end(&mut all).unwrap();
        let bad = all
            .split(|b| *b == b'\n')
            .filter(|line| std::str::from_utf8(line).is_err())
            .count();
        assert_eq!(bad, 1);
    }

    #[test]
    fn binaries_are_named() {
        let audio = decode(Box::new(io::Cursor::new(b"RIFF....WAVE".to_vec())));
        assert!(audio.err().unwrap().to_string().contains("audio"));
        let noise: Vec<u8> = (0..=255).cycle().take(4096).collect();
        assert!(matches!(
            decode(Box::new(io::Cursor::new(noise))),
            Err(Problem::Binary { .. })
        ));
    }
}
