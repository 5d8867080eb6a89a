//! The weight file, as `src/terms/tagger/model.rs` reads it.

use crate::field::Field;
use crate::kinds::Kinds;
use crate::{KIND_BITS, Settings, TAG_BITS};

pub struct Weights {
    pub field: Field,
    pub kinds: Kinds,
}

impl Weights {
    pub fn bytes(&self, settings: &Settings) -> Vec<u8> {
        let mut bytes = b"CHT3".to_vec();
        bytes.extend(TAG_BITS.to_le_bytes());
        bytes.extend(KIND_BITS.to_le_bytes());
        let choices = settings.alone.into_iter().chain(settings.joined);
        for setting in choices.chain([settings.share]) {
            bytes.extend(setting.to_le_bytes());
        }
        for step in self.field.steps.as_flattened() {
            bytes.extend(step.to_le_bytes());
        }
        push_table(self.field.tags.as_flattened(), &mut bytes);
        for bias in self.kinds.bias {
            bytes.extend(bias.to_le_bytes());
        }
        push_table(self.kinds.rows.as_flattened(), &mut bytes);
        bytes
    }
}

/// A scale and the weights in its units, one byte each. The few largest of
/// them are cut off, so that the others keep their differences.
fn push_table(weights: &[f32], bytes: &mut Vec<u8>) {
    let mut used: Vec<f32> = weights
        .iter()
        .map(|w| w.abs())
        .filter(|&w| w > 0.0)
        .collect();
    used.sort_by(f32::total_cmp);
    let most = used
        .get(used.len() * 9_999 / 10_000)
        .copied()
        .unwrap_or(127.0);
    let scale = most / 127.0;
    bytes.extend(scale.to_le_bytes());
    bytes.extend(weights.iter().map(|weight| {
        let steps = (weight / scale).round().clamp(-127.0, 127.0) as i8;
        steps.cast_unsigned()
    }));
}
