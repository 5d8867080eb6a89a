use super::Piece;
use crate::call::Span;

/// A text with placeholders, and where the characters of the raw text went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    text: String,
    /// Raw span and shown span of each placeholder.
    moved: Vec<(Span, Span)>,
}

impl Shown {
    /// Puts placeholders in place of pieces, which are ordered by place and do
    /// not overlap.
    pub fn new(raw: &str, pieces: &[Piece]) -> Self {
        let mut text = String::with_capacity(raw.len());
        let mut moved = Vec::with_capacity(pieces.len());
        let mut raw_characters = raw.chars();
        let (mut read, mut written) = (0, 0);
        for piece in pieces {
            let Span(start, end) = piece.span;
            for character in raw_characters.by_ref().take(start - read) {
                text.push(character);
                written += 1;
            }
            for _ in raw_characters.by_ref().take(end - start) {}
            read = end;
            let placeholder = piece.kind.placeholder();
            text.push_str(placeholder);
            let length = placeholder.chars().count();
            moved.push((piece.span, Span(written, written + length)));
            written += length;
        }
        text.extend(raw_characters);
        Self { text, moved }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text alone.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether nothing was replaced.
    pub fn is_raw(&self) -> bool {
        self.moved.is_empty()
    }

    /// Where a raw span stands now; an end within a placeholder takes all of it.
    pub fn span(&self, raw: Span) -> Span {
        Span(self.place(raw.0, false), self.place(raw.1, true))
    }

    /// The longest part of a raw span that no piece touches.
    pub fn untouched(&self, raw: Span) -> Option<Span> {
        let mut best: Option<Span> = None;
        let mut start = raw.0;
        let inside = self
            .moved
            .iter()
            .map(|(piece, _)| *piece)
            .filter(|piece| piece.0 < raw.1 && raw.0 < piece.1);
        for piece in inside.chain([Span(raw.1, raw.1)]) {
            let end = piece.0.min(raw.1);
            if end > start && best.is_none_or(|best| end - start > best.1 - best.0) {
                best = Some(Span(start, end));
            }
            start = start.max(piece.1);
        }
        best
    }

    /// Whether a piece touches a raw span.
    pub fn is_touched(&self, raw: Span) -> bool {
        let meets = |(piece, _): &(Span, Span)| piece.0 < raw.1 && raw.0 < piece.1;
        self.moved.iter().any(meets)
    }

    /// The placeholders' spans in the shown text.
    pub fn placeholders(&self) -> impl Iterator<Item = Span> + '_ {
        self.moved.iter().map(|(_, shown)| *shown)
    }

    fn place(&self, raw: usize, is_end: bool) -> usize {
        let mut place = raw;
        for (piece, shown) in &self.moved {
            let inside = if is_end {
                piece.0 < raw && raw < piece.1
            } else {
                piece.0 <= raw && raw < piece.1
            };
            if inside {
                return if is_end { shown.1 } else { shown.0 };
            }
            if raw < piece.1 {
                break;
            }
            place = shown.1 + (raw - piece.1);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::personal::Kind;

    fn characters(text: &str, span: Span) -> String {
        text.chars().skip(span.0).take(span.1 - span.0).collect()
    }

    #[test]
    fn spans_follow_the_text() {
        let raw = "我是张伟你们乱扣费打13800138000";
        let pieces = [
            Piece {
                kind: Kind::Name,
                span: Span(2, 4),
            },
            Piece {
                kind: Kind::Mobile,
                span: Span(10, 21),
            },
        ];
        let shown = Shown::new(raw, &pieces);
        assert_eq!(shown.text(), "我是[姓名]你们乱扣费打[手机号]");
        assert_eq!(characters(shown.text(), shown.span(Span(6, 9))), "乱扣费");
        assert_eq!(characters(shown.text(), shown.span(Span(0, 2))), "我是");
        assert_eq!(
            characters(shown.text(), shown.span(Span(3, 9))),
            "[姓名]你们乱扣费"
        );
        assert_eq!(shown.span(Span(10, 21)), Span(12, 17));
        assert_eq!(shown.untouched(Span(3, 9)), Some(Span(4, 9)));
        assert_eq!(shown.untouched(Span(2, 4)), None);
    }
}
