//! Amazon Transcribe, standard job: words with times in seconds as strings, per
//! channel (`channel_labels`) or per speaker (`speaker_labels`), joined here to
//! turns; `audio_segments` are ready turns where the job has them.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Clock, Transcript, Utterance, Voice, join, sort_by_start};

/// A pause within one speaker's words that ends a turn, in milliseconds.
const LONG_PAUSE_MS: f64 = 2_000.0;
/// A pause that ends a turn when somebody else speaks in it, in milliseconds.
const SHORT_PAUSE_MS: f64 = 200.0;

/// The reader of standard jobs.
pub struct Transcribe;

impl JsonFormat for Transcribe {
    fn recognises(&self, value: &Value) -> bool {
        json::field(value, "results").is_some_and(own) || own(value)
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let results = json::field(value, "results").unwrap_or(value);
        Ok(Transcript {
            utterances: turns(results),
            ..Transcript::default()
        })
    }
}

fn own(results: &Value) -> bool {
    json::field(results, "channel_labels").is_some()
        || json::field(results, "speaker_labels").is_some()
        || json::field(results, "audio_segments").is_some()
        || json::list(results, "items").is_some_and(|list| json::any_has(list, &["alternatives"]))
        || json::list(results, "transcripts")
            .is_some_and(|list| json::any_has(list, &["transcript"]))
}

fn turns(results: &Value) -> Vec<Utterance> {
    if let Some(ready) = audio_segments(results) {
        return ready;
    }
    let mut voices: Vec<Vec<Word>> = match channels(results) {
        Some(channels) => channels.iter().map(channel_words).collect(),
        None => vec![speaker_words(results)],
    };
    voices.retain(|words| !words.is_empty());
    if voices.is_empty() {
        return whole_transcripts(results);
    }
    let mut utterances = Vec::new();
    for (index, words) in voices.iter().enumerate() {
        let others: Vec<f64> = voices
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .flat_map(|(_, words)| words.iter().filter_map(|word| word.start.millis()))
            .collect();
        utterances.extend(joined(words, &others));
    }
    sort_by_start(&mut utterances);
    utterances
}

fn channels(results: &Value) -> Option<&[Value]> {
    json::list(json::field(results, "channel_labels")?, "channels").filter(|list| !list.is_empty())
}

/// Turns that the job itself has cut and labelled.
fn audio_segments(results: &Value) -> Option<Vec<Utterance>> {
    let list = json::list(results, "audio_segments").filter(|list| !list.is_empty())?;
    let labelled = json::any_has(list, &["speaker_label", "channel_label"]);
    if !labelled && json::first(results, &["channel_labels", "speaker_labels"]).is_some() {
        return None;
    }
    let mut utterances: Vec<_> = list
        .iter()
        .map(|segment| {
            Utterance::of(json::text(json::field(segment, "transcript")))
                .by(json::text(json::field(segment, "speaker_label")))
                .on(json::text(json::field(segment, "channel_label")))
                .at(time(segment, "start_time"), time(segment, "end_time"))
        })
        .collect();
    sort_by_start(&mut utterances);
    Some(utterances)
}

/// A job without word items: its plain text, one turn each.
fn whole_transcripts(results: &Value) -> Vec<Utterance> {
    json::list(results, "transcripts")
        .unwrap_or_default()
        .iter()
        .map(|item| Utterance::of(json::text(json::field(item, "transcript"))))
        .collect()
}

/// One word or punctuation mark.
struct Word {
    voice: Voice,
    start: Clock,
    end: Clock,
    text: String,
    /// First word of a segment that diarisation cut.
    begins: bool,
}

fn channel_words(channel: &Value) -> Vec<Word> {
    let label = json::text(json::field(channel, "channel_label"));
    let items = json::list(channel, "items").unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let speaker = json::text(json::field(item, "speaker_label"));
            word(
                item,
                Voice {
                    label: speaker,
                    channel: label.clone(),
                },
            )
        })
        .collect()
}

/// The words of a job without channels, with the speaker of the segment in
/// which each begins.
fn speaker_words(results: &Value) -> Vec<Word> {
    let segments = speaker_segments(results);
    let items = json::list(results, "items").unwrap_or_default();
    let mut current: Option<usize> = None;
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        let start = time(item, "start_time").millis();
        let found = start.and_then(|start| segment_at(&segments, start));
        let begins = found.is_some() && found != current;
        current = found.or(current);
        let of_segment = || {
            current
                .and_then(|at| segments.get(at))
                .and_then(|s| s.label.clone())
        };
        let label = json::text(json::field(item, "speaker_label")).or_else(of_segment);
        if let Some(mut word) = word(
            item,
            Voice {
                label,
                channel: None,
            },
        ) {
            word.begins = begins;
            words.push(word);
        }
    }
    words
}

struct Segment {
    start: f64,
    label: Option<String>,
}

/// The segments of diarisation, by start.
fn speaker_segments(results: &Value) -> Vec<Segment> {
    let list =
        json::field(results, "speaker_labels").and_then(|labels| json::list(labels, "segments"));
    let mut segments: Vec<_> = list
        .unwrap_or_default()
        .iter()
        .filter_map(|segment| {
            let start = time(segment, "start_time").millis()?;
            Some(Segment {
                start,
                label: json::text(json::field(segment, "speaker_label")),
            })
        })
        .collect();
    segments.sort_by(|a, b| a.start.total_cmp(&b.start));
    segments
}

/// The last segment that has begun at `start` (times have two or three decimals).
fn segment_at(segments: &[Segment], start: f64) -> Option<usize> {
    segments
        .partition_point(|segment| segment.start <= start + 0.5)
        .checked_sub(1)
}

fn word(item: &Value, voice: Voice) -> Option<Word> {
    let best = json::list(item, "alternatives").and_then(|list| list.first())?;
    let text = json::text(json::field(best, "content"))?;
    let (start, end) = (time(item, "start_time"), time(item, "end_time"));
    Some(Word {
        voice,
        start,
        end,
        text,
        begins: false,
    })
}

fn time(item: &Value, name: &str) -> Clock {
    clock(json::field(item, name), Unit::Seconds)
}

/// Joins one list of words to turns. `others` are the starts of the words of
/// the other channels: a pause in which somebody else begins ends the turn.
fn joined(words: &[Word], others: &[f64]) -> Vec<Utterance> {
    let mut others = others.to_vec();
    others.sort_by(f64::total_cmp);
    let mut turns: Vec<Utterance> = Vec::new();
    let mut sentence_ended = false;
    for word in words {
        let fresh = turns.last().is_none_or(|turn| {
            word.start.millis().is_some()
                && (turn.voice != word.voice
                    || word.begins
                    || paused(turn.end, word.start, &others, sentence_ended))
        });
        match turns.last_mut() {
            Some(turn) if !fresh => {
                join(turn.text.get_or_insert_default(), &word.text);
                if word.end.millis().is_some() {
                    turn.end = word.end;
                }
            }
            _ => turns.push(Utterance {
                voice: word.voice.clone(),
                start: word.start,
                end: word.end,
                text: Some(word.text.clone()),
            }),
        }
        sentence_ended = word.text.ends_with(['。', '？', '！', '.', '?', '!']);
    }
    turns
}

fn paused(end: Clock, start: Clock, others: &[f64], sentence_ended: bool) -> bool {
    let (Some(end), Some(start)) = (end.millis(), start.millis()) else {
        return false;
    };
    let pause = start - end;
    if pause >= LONG_PAUSE_MS {
        return true;
    }
    let first = others.partition_point(|other| *other < end - 1.0);
    let interjected = others.get(first).is_some_and(|other| *other < start);
    interjected && (sentence_ended || pause >= SHORT_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(start: &str, end: &str, text: &str) -> Value {
        json!({"start_time": start, "end_time": end, "type": "pronunciation",
               "alternatives": [{"confidence": "1.0", "content": text}]})
    }

    fn mark(text: &str) -> Value {
        json!({"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": text}]})
    }

    fn shown(turns: &[Utterance]) -> Vec<(String, f64, f64)> {
        turns
            .iter()
            .map(|t| {
                (
                    t.text.clone().unwrap(),
                    t.start.millis().unwrap(),
                    t.end.millis().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn channels_are_cut_where_the_other_speaks() {
        let call = json!({"results": {"channel_labels": {"channels": [
            {"channel_label": "ch_0", "items": [item("0.0", "0.5", "您好"), mark("。"), item("3.0", "3.4", "请讲")]},
            {"channel_label": "ch_1", "items": [item("1.0", "1.5", "我要"), item("1.5", "2.0", "投诉")]}]}}});
        assert!(Transcribe.recognises(&call));
        let turns = Transcribe.read(&call).unwrap().utterances;
        let expected = [
            ("您好。", 0.0, 500.0),
            ("我要投诉", 1000.0, 2000.0),
            ("请讲", 3000.0, 3400.0),
        ]
        .map(|(text, start, end)| (text.to_owned(), start, end));
        assert_eq!(shown(&turns), expected);
        assert_eq!(turns[1].voice.channel.as_deref(), Some("ch_1"));
    }

    #[test]
    fn segments_of_speakers_become_turns() {
        let call = json!({"results": {
            "items": [item("0.0", "0.5", "您好"), mark("。"), item("1.0", "1.5", "我要投诉")],
            "speaker_labels": {"segments": [
                {"start_time": "0.0", "end_time": "0.6", "speaker_label": "spk_0"},
                {"start_time": "1.0", "end_time": "1.6", "speaker_label": "spk_1"}]}}});
        let turns = Transcribe.read(&call).unwrap().utterances;
        assert_eq!(turns[0].text.as_deref(), Some("您好。"));
        assert_eq!(turns[1].voice.label.as_deref(), Some("spk_1"));
    }

    #[test]
    fn text_without_items_is_one_turn() {
        let call = json!({"results": {"transcripts": [{"transcript": "您好"}], "items": []}});
        assert_eq!(Transcribe.read(&call).unwrap().utterances.len(), 1);
    }
}
