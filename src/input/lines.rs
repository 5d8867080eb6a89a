//! Lines and JSON elements of a stream, each bounded, each with its line number.

use std::io::{self, BufRead, Read as _};

use super::error::Problem;

/// The most that is held of one line, one JSON element or one document, in bytes.
pub const LIMIT: usize = 64 * 1024 * 1024;

/// A piece of the stream and the 1-based line at which it begins.
pub type Piece = (u64, Result<String, Problem>);

/// Lines without their ends; those that are too long or badly encoded are
/// errors, and the stream goes on after them.
pub struct Lines<R> {
    reader: R,
    encoding: &'static str,
    number: u64,
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    /// Lines of text in an encoding that serves for messages only.
    pub fn new(reader: R, encoding: &'static str) -> Self {
        Self {
            reader,
            encoding,
            number: 0,
            failed: false,
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.failed {
            return None;
        }
        let mut bytes = Vec::new();
        let outcome = read_bounded(&mut self.reader, &mut bytes);
        self.number += 1;
        let line = match outcome {
            Ok(Read::End) => return None,
            Ok(Read::TooLong) => Err(Problem::TooLong { limit: LIMIT }),
            Ok(Read::Line) => text_line(bytes, self.number, self.encoding),
            Err(error) => {
                self.failed = true;
                Err(Problem::from(error))
            }
        };
        Some((self.number, line))
    }
}

enum Read {
    Line,
    TooLong,
    End,
}

fn read_bounded(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<Read> {
    let mut kept = true;
    let mut any = false;
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |at| at + 1);
        kept &= bytes.len() + taken <= LIMIT;
        if kept {
            bytes.extend_from_slice(chunk.get(..taken).unwrap_or_default());
        } else {
            *bytes = Vec::new();
        }
        reader.consume(taken);
        if end.is_some() {
            break;
        }
    }
    Ok(match (any, kept) {
        (false, _) => Read::End,
        (true, true) => Read::Line,
        (true, false) => Read::TooLong,
    })
}

fn text_line(mut bytes: Vec<u8>, line: u64, encoding: &'static str) -> Result<String, Problem> {
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| Problem::Encoding {
        encoding,
        line: Some(line),
    })
}

/// The whole of a stream as text.
pub fn whole(reader: &mut impl BufRead, encoding: &'static str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    reader.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LIMIT {
        return Err(Problem::TooLong { limit: LIMIT });
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error
            .as_bytes()
            .iter()
            .take(good)
            .filter(|byte| **byte == b'\n')
            .count();
        Problem::Encoding {
            encoding,
            line: Some(before as u64 + 1),
        }
    })
}

/// The elements of one JSON array, cut at its own commas without parsing them,
/// so that a faulty element costs only itself. Ends with an error when the
/// array is not closed.
pub struct Elements<R> {
    reader: R,
    encoding: &'static str,
    line: u64,
    done: bool,
}

impl<R: BufRead> Elements<R> {
    /// The elements of the array with which the stream begins.
    pub fn new(reader: R, encoding: &'static str) -> Self {
        let mut elements = Self {
            reader,
            encoding,
            line: 1,
            done: false,
        };
        elements.skip_opening();
        elements
    }

    fn skip_opening(&mut self) {
        while let Some(byte) = self.byte() {
            if byte == b'[' {
                return;
            }
        }
        self.done = true;
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = loop {
            match self.reader.fill_buf() {
                Ok(chunk) => break chunk.first().copied()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        };
        self.reader.consume(1);
        self.line += u64::from(byte == b'\n');
        Some(byte)
    }

    /// Reads to the comma or bracket that ends the element; `None` at the end
    /// of the stream.
    fn element(&mut self, bytes: &mut Vec<u8>, begins: &mut u64) -> Option<u8> {
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let byte = self.byte()?;
            if bytes.is_empty() {
                if byte.is_ascii_whitespace() {
                    continue;
                }
                *begins = self.line;
            }
            let outside = depth == 0 && !quoted;
            if outside && matches!(byte, b',' | b']') {
                return Some(byte);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'[' | b'{' if !quoted => depth += 1,
                b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            if bytes.len() <= LIMIT {
                bytes.push(byte);
            }
        }
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.done {
            return None;
        }
        let (mut bytes, mut begins) = (Vec::new(), self.line);
        let end = self.element(&mut bytes, &mut begins);
        self.done = end != Some(b',');
        let column = bytes.len().min(LIMIT);
        if end.is_none() {
            return Some((
                begins,
                Err(Problem::TruncatedJson {
                    line: self.line,
                    column,
                }),
            ));
        }
        if bytes.is_empty() {
            return (!self.done).then(|| self.gap());
        }
        let text = if bytes.len() > LIMIT {
            Err(Problem::TooLong { limit: LIMIT })
        } else {
            text_line(bytes, begins, self.encoding)
        };
        Some((begins, text))
    }
}

impl<R: BufRead> Elements<R> {
    /// Nothing between two commas.
    fn gap(&self) -> Piece {
        let line = self.line;
        let reason = "nothing between two commas".to_owned();
        (
            line,
            Err(Problem::NotJson {
                reason,
                line,
                column: 1,
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(u64, Option<String>)> {
        Elements::new(text.as_bytes(), "UTF-8")
            .map(|(line, piece)| (line, piece.ok()))
            .collect()
    }

    #[test]
    fn elements_are_cut_at_their_own_commas() {
        let text = "[\n {\"a\": \"x,]\\\"\"},\n [1, 2],\n oops\n]";
        let expected = [
            (2, Some("{\"a\": \"x,]\\\"\"}".to_owned())),
            (3, Some("[1, 2]".to_owned())),
            (4, Some("oops".to_owned())),
        ];
        assert_eq!(pieces(text), expected);
        assert_eq!(pieces("[]"), []);
        assert_eq!(pieces("[1,]"), [(1, Some("1".to_owned()))]);
    }

    #[test]
    fn an_open_array_ends_with_an_error() {
        assert_eq!(
            pieces("[{\"a\":1},\n{\"b\":"),
            [(1, Some("{\"a\":1}".to_owned())), (2, None)]
        );
    }

    #[test]
    fn a_bad_line_does_not_stop_the_next() {
        let bytes: &[u8] = b"a\r\n\xFF\xFF\nb";
        let lines: Vec<_> = Lines::new(bytes, "UTF-8")
            .map(|(n, line)| (n, line.ok()))
            .collect();
        assert_eq!(
            lines,
            [
                (1, Some("a".to_owned())),
                (2, None),
                (3, Some("b".to_owned()))
            ]
        );
    }
}
