//! Settling who speaks each turn: by the record's own word, by what the user
//! says outright, or by what the voices say.

use crate::call::{Speaker, Warning};

use super::InputOptions;
use super::evidence::Evidence;
use super::roles;
use super::transcript::{Utterance, Voice};

/// Below this confidence an inference is called weak.
const WEAK: f64 = 0.8;
/// Below this one nothing is decided.
const UNDECIDED: f64 = 0.55;
/// A further voice is another agent (a robot before a human) when its own words
/// say so at least this strongly, in log-odds.
const ALSO_AGENT: f64 = 3.0;
/// How much the first to speak is likely to be the agent, in log-odds.
const SPEAKS_FIRST: f64 = 0.4;
/// Slope from the difference of two balances to log-odds of the decision.
const SLOPE: f64 = 0.8;

/// One voice of a call.
struct Party<'a> {
    voice: &'a Voice,
    evidence: Evidence,
    speaker: Option<Speaker>,
}

/// The speaker of every utterance, and what a reviewer should know of it.
pub fn settle(utterances: &[Utterance], options: &InputOptions) -> (Vec<Speaker>, Vec<Warning>) {
    let (mut parties, of_turn) = parties(utterances);
    let mut warnings = Vec::new();
    let said = say_outright(&mut parties, options, &mut warnings);
    if !said {
        for party in &mut parties {
            party.speaker = party.voice.label.as_deref().and_then(roles::of_label);
        }
    }
    infer(&mut parties, said, &mut warnings);
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
        let by_word = parties.iter().any(|party| {
            party
                .voice
                .label
                .as_deref()
                .and_then(roles::of_label)
                .is_some()
        });
        if !by_word && !parties.is_empty() {
            let known: Vec<String> = parties.iter().map(|party| shown(party.voice)).collect();
            warnings.push(Warning::call(
                "agent_speaker_not_found",
                format!(
                    "no voice of this call answers to the agent named by the options; it has {}",
                    known.join(", ")
                ),
            ));
        }
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
        || (wanted.chars().all(|c| c.is_ascii_digit())
            && !wanted.is_empty()
            && number(name) == number(wanted))
}

/// Gives a role to the voices without one, by what they say.
fn infer(parties: &mut [Party<'_>], said: bool, warnings: &mut Vec<Warning>) {
    let open: Vec<usize> = (0..parties.len())
        .filter(|at| parties.get(*at).is_some_and(|p| p.speaker.is_none()))
        .collect();
    if said || open.is_empty() {
        return;
    }
    let has = |speaker| parties.iter().any(|party| party.speaker == Some(speaker));
    let decision = match (has(Speaker::Agent), has(Speaker::Customer)) {
        (true, true) => return each_alone(parties, &open, warnings),
        (true, false) => rest_is(parties, &open, Speaker::Customer),
        (false, true) => rest_is(parties, &open, Speaker::Agent),
        (false, false) => by_evidence(parties, &open),
    };
    match decision {
        Some(confidence) => warn_inferred(confidence, warnings),
        None => warnings.push(Warning::call(
            "speaker_unknown",
            "nothing that is said shows who is the agent; name the agent with --agent-speaker or --agent-channel",
        )),
    }
}

fn warn_inferred(confidence: f64, warnings: &mut Vec<Warning>) {
    warnings.push(Warning::call(
        "speaker_inferred",
        format!("agent and customer were told apart by what they say, confidence {confidence:.2}"),
    ));
    if confidence < WEAK {
        warnings.push(Warning::call(
            "speaker_inference_weak",
            format!("the speakers may be the wrong way round (confidence {confidence:.2}); name the agent with --agent-speaker or --agent-channel"),
        ));
    }
}

/// Both sides are known: a further voice belongs to one only if its words say so.
fn each_alone(parties: &mut [Party<'_>], open: &[usize], warnings: &mut Vec<Warning>) {
    let mut least: Option<f64> = None;
    for at in open {
        let Some(party) = parties.get_mut(*at) else {
            continue;
        };
        let balance = party.evidence.balance();
        if balance.abs() >= ALSO_AGENT {
            party.speaker = Some(if balance > 0.0 {
                Speaker::Agent
            } else {
                Speaker::Customer
            });
            let confidence = sigmoid(balance.abs() * SLOPE);
            least = Some(least.map_or(confidence, |least| least.min(confidence)));
        }
    }
    if let Some(confidence) = least {
        warn_inferred(confidence, warnings);
    }
}

/// One side is known, so the voices left over are the other, unless their own
/// words speak against it.
fn rest_is(parties: &mut [Party<'_>], open: &[usize], side: Speaker) -> Option<f64> {
    let mut least: f64 = 0.95;
    for at in open {
        let party = parties.get_mut(*at)?;
        let balance = party.evidence.balance();
        let towards = if side == Speaker::Agent {
            balance
        } else {
            -balance
        };
        let other = if side == Speaker::Agent {
            Speaker::Customer
        } else {
            Speaker::Agent
        };
        let against = towards <= -ALSO_AGENT && open.len() > 1;
        party.speaker = Some(if against { other } else { side });
        least = least.min(sigmoid(
            2.0 + towards.abs().copysign(if against { 1.0 } else { towards }) * SLOPE,
        ));
    }
    Some(least)
}

/// No side is known. The voice with the strongest words of an agent is the
/// agent, the one with the strongest words of a customer the customer; a
/// further voice is a second agent when its own words are an agent's.
fn by_evidence(parties: &mut [Party<'_>], open: &[usize]) -> Option<f64> {
    let mut ranked: Vec<(f64, usize)> = open
        .iter()
        .filter_map(|at| Some((parties.get(*at)?.evidence.balance(), *at)))
        .collect();
    if ranked
        .iter()
        .all(|(balance, _)| balance.abs() < f64::EPSILON)
    {
        return None;
    }
    let alone = ranked.len() == 1;
    if let Some(first) = ranked.first_mut().filter(|_| !alone) {
        first.0 += SPEAKS_FIRST;
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (most, agent) = *ranked.first()?;
    let (least, _) = *ranked.last()?;
    let confidence = sigmoid(
        if alone {
            most.abs() / 2.0
        } else {
            most - least
        } * SLOPE,
    );
    if confidence < UNDECIDED || (alone && confidence < WEAK) {
        return None;
    }
    for (balance, at) in ranked {
        let is_agent = if alone {
            balance > 0.0
        } else {
            at == agent || balance >= ALSO_AGENT
        };
        parties.get_mut(at)?.speaker = Some(if is_agent {
            Speaker::Agent
        } else {
            Speaker::Customer
        });
    }
    // With every voice sounding like an agent, the least so is the customer.
    if !alone
        && parties
            .iter()
            .all(|party| party.speaker == Some(Speaker::Agent))
    {
        let customer = open.iter().copied().min_by(|a, b| {
            let balance = |at: usize| {
                parties
                    .get(at)
                    .map_or(0.0, |party| party.evidence.balance())
            };
            balance(*a).total_cmp(&balance(*b))
        })?;
        parties.get_mut(customer)?.speaker = Some(Speaker::Customer);
    }
    Some(confidence)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
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
