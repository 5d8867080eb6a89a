use tokenizers::Tokenizer;

use super::config::Truncation;
use super::error::{ModelError, ScoreError};
use super::model::Model;

/// Turns a text into the model's token ids.
pub struct Tokeniser {
    tokenizer: Tokenizer,
    max_length: usize,
    truncation: Truncation,
}

impl Tokeniser {
    /// Reads the model's `tokenizer.json`; its own truncation and padding are
    /// switched off, the model's configuration rules instead.
    pub fn new(model: &Model) -> Result<Self, ModelError> {
        let invalid = |error: tokenizers::Error| ModelError::Invalid {
            path: model.path("tokenizer.json"),
            reason: format!("not a tokenizer ({error})"),
            mend: "save it again with AutoTokenizer.from_pretrained(…).save_pretrained(…)"
                .to_owned(),
        };
        let mut tokenizer = Tokenizer::from_bytes(model.tokenizer()).map_err(invalid)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(invalid)?;
        let config = model.config();
        Ok(Self {
            tokenizer,
            max_length: config.max_length,
            truncation: config.truncation,
        })
    }

    /// The highest token id.
    pub(super) fn highest_id(&self) -> u32 {
        let ids = self.tokenizer.get_vocab(true).into_values();
        ids.max().unwrap_or(0)
    }

    /// The id of the token for unknown characters, where there is one.
    pub(super) fn unknown_id(&self) -> Option<u32> {
        ["[UNK]", "<unk>", "<UNK>", "UNK"]
            .iter()
            .find_map(|token| self.tokenizer.token_to_id(token))
    }

    /// Whether a text gets tokens of the model's own around it.
    pub(super) fn adds_special_tokens(&self) -> bool {
        let count = |special| {
            let encoding = self.tokenizer.encode_fast("好", special);
            encoding.map_or(0, |encoding| encoding.len())
        };
        count(true) > count(false)
    }

    /// The same as [`Self::ids`], with the characters of the text that each
    /// token stands for; none for a special token.
    pub(super) fn placed(&self, text: &str) -> Result<Placed, ScoreError> {
        let encoding = self
            .tokenizer
            .encode_char_offsets(text, true)
            .map_err(|error| ScoreError::Tokenise(error.to_string()))?;
        let places = encoding.get_offsets().iter();
        let places = places.map(|&(start, end)| (start as u32, end as u32));
        Ok(Placed {
            ids: self.kept(encoding.get_ids()),
            places: self.kept(&places.collect::<Vec<_>>()),
        })
    }

    /// Token ids with special tokens, at most the model's maximum: of a longer
    /// text the head and the tail are kept.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, ScoreError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| ScoreError::Tokenise(error.to_string()))?;
        Ok(self.kept(encoding.get_ids()))
    }

    /// What is kept of the tokens of a text that may be too long.
    fn kept<T: Copy>(&self, tokens: &[T]) -> Vec<T> {
        if tokens.len() <= self.max_length {
            return tokens.to_vec();
        }
        let Truncation { head, tail } = self.truncation;
        let mut kept = Vec::with_capacity(head + tail);
        kept.extend_from_slice(&tokens[..head]);
        kept.extend_from_slice(&tokens[tokens.len() - tail..]);
        if tail == 0 {
            // The closing special token belongs to the shape the model was trained on.
            kept[head - 1] = tokens[tokens.len() - 1];
        }
        kept
    }
}

/// Token ids, and the characters `start..end` that each stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub ids: Vec<u32>,
    pub places: Vec<(u32, u32)>,
}
