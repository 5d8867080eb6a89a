//! Settling who speaks each turn: by the record's own word, by what the user
//! says outright, or by what the voices say.

use crate::call::{Speaker, Warning};

use super::InputOptions;
use super::evidence::Evidence;
use super::inference::infer;
use super::roles;
use super::transcript::{Utterance, Voice};

/// One voice of a call.
pub struct Party<'a> {
    /// What the record calls it.
    pub voice: &'a Voice,
    /// What it says for either side.
    pub evidence: Evidence,
    /// Its side, once that is settled.
    pub speaker: Option<Speaker>,
}

/// The speaker of every utterance, and what a reviewer should know of it.
pub fn settle(utterances: &[Utterance], options: &InputOptions) -> (Vec<Speaker>, Vec<Warning>) {
    let (mut parties, of_turn) = parties(utterances);
    let mut warnings = Vec::new();
    let said = say_outright(&mut parties, options, &mut warnings);
    if !said {
        for party in &mut parties {
            party.speaker = named_role(party.voice);
        }
    }
    if !said {
        infer(&mut parties, &mut warnings);
    }
    let speakers: Vec<Speaker> = of_turn
        .iter()
        .map(|party| {
            party
                .and_then(|at| parties.get(at)?.speaker)
                .unwrap_or(Speaker::Unknown)
        })
        .collect();
    remark(&parties, &of_turn, &speakers, &mut warnings);
    (speakers, warnings)
}

/// The voices in order of appearance, and each utterance's.
fn parties(utterances: &[Utterance]) -> (Vec<Party<'_>>, Vec<Option<usize>>) {
    let mut parties: Vec<Party<'_>> = Vec::new();
    let mut of_turn = Vec::with_capacity(utterances.len());
    for utterance in utterances {
        let voice = &utterance.voice;
        if voice.is_unknown()
            || voice.channel.is_none() && voice.label.as_deref().is_some_and(roles::is_nobody)
        {
            of_turn.push(None);
            continue;
        }
        let at = parties
            .iter()
            .position(|party| party.voice == voice)
            .unwrap_or_else(|| {
                parties.push(Party {
                    voice,
                    evidence: Evidence::default(),
                    speaker: None,
                });
                parties.len() - 1
            });
        if let Some(party) = parties.get_mut(at) {
            party
                .evidence
                .hear(utterance.text.as_deref().unwrap_or_default());
        }
        of_turn.push(Some(at));
    }
    (parties, of_turn)
}

/// `--agent-speaker` and `--agent-channel`: the voices named are the agent, all
/// others the customer. False when neither is given or no voice answers to it.
fn say_outright(
    parties: &mut [Party<'_>],
    options: &InputOptions,
    warnings: &mut Vec<Warning>,
) -> bool {
    let (speaker, channel) = (
        options.agent_speaker.as_deref(),
        options.agent_channel.as_deref(),
    );
    if speaker.is_none() && channel.is_none() {
        return false;
    }
    let named: Vec<bool> = parties
        .iter()
        .map(|party| answers_to(party.voice, speaker, channel))
        .collect();
    if !named.contains(&true) {
        warnings.extend(not_found(parties));
        return false;
    }
    for (party, agent) in parties.iter_mut().zip(named) {
        party.speaker = Some(if agent {
            Speaker::Agent
        } else {
            Speaker::Customer
        });
    }
    true
}

/// The option names nobody in this call. That matters only where the record
/// itself does not say who is the agent.
fn not_found(parties: &[Party<'_>]) -> Option<Warning> {
    if parties.is_empty()
        || parties
            .iter()
            .any(|party| named_role(party.voice).is_some())
    {
        return None;
    }
    let known: Vec<String> = parties.iter().map(|party| shown(party.voice)).collect();
    Some(Warning::call(
        "agent_speaker_not_found",
        format!(
            "no voice of this call answers to the agent named by the options; it has {}",
            known.join(", ")
        ),
    ))
}

/// The role that the record names, as speaker or as channel.
fn named_role(voice: &Voice) -> Option<Speaker> {
    let of = |name: &Option<String>| name.as_deref().and_then(roles::of_label);
    of(&voice.label).or_else(|| of(&voice.channel))
}

/// A number answers to any label that ends in it (`0` = `SPEAKER_00`). A voice
/// that has only a label may be named as channel and the other way round.
fn answers_to(voice: &Voice, speaker: Option<&str>, channel: Option<&str>) -> bool {
    let is = |name: Option<&String>, wanted: Option<&str>| match (name, wanted) {
        (Some(name), Some(wanted)) => wanted
            .split(',')
            .any(|wanted| same_voice(name, wanted.trim())),
        _ => false,
    };
    let label = voice.label.as_ref().or(voice.channel.as_ref());
    let of_channel = voice.channel.as_ref().or(voice.label.as_ref());
    is(label, speaker) || is(of_channel, channel)
}

fn same_voice(name: &str, wanted: &str) -> bool {
    let number = |text: &str| {
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse::<u64>().ok()
    };
    name.eq_ignore_ascii_case(wanted)
        || (roles::of_label(name).is_none()
            && wanted.chars().all(|c| c.is_ascii_digit())
            && number(wanted).is_some()
            && number(name) == number(wanted))
}

fn shown(voice: &Voice) -> String {
    match (&voice.label, &voice.channel) {
        (Some(label), Some(channel)) => format!("speaker {label} on channel {channel}"),
        (Some(label), None) => format!("speaker {label}"),
        (None, Some(channel)) => format!("channel {channel}"),
        (None, None) => "no speaker".to_owned(),
    }
}

/// Oddities of the speakers as a whole.
fn remark(
    parties: &[Party<'_>],
    of_turn: &[Option<usize>],
    speakers: &[Speaker],
    warnings: &mut Vec<Warning>,
) {
    let nameless = of_turn.iter().filter(|party| party.is_none()).count();
    if parties.is_empty() {
        warnings.push(Warning::call(
            "speaker_missing",
            "the input names no speakers; transcribe with speaker separation to tell agent and customer apart",
        ));
        return;
    }
    if nameless > 0 {
        warnings.push(Warning::call(
            "speaker_missing",
            format!("{nameless} turns name no speaker"),
        ));
    }
    let one_side = |side| {
        speakers
            .iter()
            .all(|speaker| *speaker == side || *speaker == Speaker::Unknown)
    };
    if parties.len() == 1 || one_side(Speaker::Agent) || one_side(Speaker::Customer) {
        warnings.push(Warning::call(
            "one_speaker",
            "only one side of the call is heard",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(label: &str, text: &str) -> Utterance {
        Utterance::of(Some(text.to_owned())).by(Some(label.to_owned()))
    }

    fn codes(warnings: &[Warning]) -> Vec<&str> {
        warnings
            .iter()
            .map(|warning| warning.code.as_str())
            .collect()
    }

    #[test]
    fn given_roles_need_no_inference() {
        let turns = [
            turn("客服", "您好"),
            turn("客户", "喂"),
            turn("机器人", "请按一"),
        ];
        let (speakers, warnings) = settle(&turns, &InputOptions::default());
        assert_eq!(
            speakers,
            [Speaker::Agent, Speaker::Customer, Speaker::Agent]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn numbered_voices_are_told_apart_by_their_words() {
        let turns = [
            turn("1", "喂，我要投诉你们公司"),
            turn("0", "您好，工号8021为您服务，非常抱歉给您带来不便"),
            turn("1", "我的钱怎么回事"),
        ];
        let (speakers, warnings) = settle(&turns, &InputOptions::default());
        assert_eq!(
            speakers,
            [Speaker::Customer, Speaker::Agent, Speaker::Customer]
        );
        assert_eq!(codes(&warnings), ["speaker_inferred"]);
        assert!(
            warnings[0].message.contains("confidence 0.9")
                || warnings[0].message.contains("confidence 1.0")
        );
    }

    #[test]
    fn nothing_said_decides_nothing() {
        let (speakers, warnings) = settle(
            &[turn("0", "嗯"), turn("1", "哦")],
            &InputOptions::default(),
        );
        assert_eq!(speakers, [Speaker::Unknown, Speaker::Unknown]);
        assert!(codes(&warnings).contains(&"speaker_unknown"));
    }

    #[test]
    fn options_say_it_outright() {
        let turns = [
            turn("SPEAKER_00", "我要投诉"),
            turn("SPEAKER_01", "请问有什么可以帮您"),
        ];
        let options = InputOptions {
            agent_speaker: Some("0".to_owned()),
            ..InputOptions::default()
        };
        let (speakers, warnings) = settle(&turns, &options);
        assert_eq!(speakers, [Speaker::Agent, Speaker::Customer]);
        assert!(warnings.is_empty());
        let options = InputOptions {
            agent_channel: Some("7".to_owned()),
            ..InputOptions::default()
        };
        let (speakers, warnings) = settle(&turns, &options);
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
        assert_eq!(
            codes(&warnings),
            ["agent_speaker_not_found", "speaker_inferred"]
        );
    }

    #[test]
    fn robot_and_human_are_both_agents() {
        let turns = [
            turn("0", "欢迎致电，请问有什么可以帮您"),
            turn("2", "我要投诉，你们公司骗人"),
            turn("1", "您好，工号8021很高兴为您服务，请您稍等，帮您查一下"),
        ];
        let (speakers, _) = settle(&turns, &InputOptions::default());
        assert_eq!(
            speakers,
            [Speaker::Agent, Speaker::Customer, Speaker::Agent]
        );
    }

    #[test]
    fn a_call_without_speakers_stays_unknown() {
        let turns = [
            Utterance::of(Some("您好".to_owned())),
            Utterance::of(Some("喂".to_owned())),
        ];
        let (speakers, warnings) = settle(&turns, &InputOptions::default());
        assert_eq!(speakers, [Speaker::Unknown; 2]);
        assert_eq!(codes(&warnings), ["speaker_missing"]);
    }
}
