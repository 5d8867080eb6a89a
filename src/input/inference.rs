//! Telling agent and customer apart by what they say.

use crate::call::{Speaker, Warning};

use super::speakers::Party;

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
/// What it is worth, in log-odds, that the record names the other side.
const ONE_SIDE_KNOWN: f64 = 2.0;
/// No inference is surer than this.
const MOST: f64 = 0.99;

/// Gives a role to the voices without one, by what they say.
pub fn infer(parties: &mut [Party<'_>], warnings: &mut Vec<Warning>) {
    let open: Vec<usize> = (0..parties.len())
        .filter(|at| parties.get(*at).is_some_and(|p| p.speaker.is_none()))
        .collect();
    if open.is_empty() {
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
            party.speaker = Some(side_of(balance));
            let confidence = sigmoid(balance.abs() * SLOPE);
            least = Some(least.map_or(confidence, |least| least.min(confidence)));
        }
    }
    if let Some(confidence) = least {
        warn_inferred(confidence, warnings);
    }
}

/// One side is known, so the voices left over are the other; of several, those
/// whose own words speak strongly for the known side join it.
fn rest_is(parties: &mut [Party<'_>], open: &[usize], side: Speaker) -> Option<f64> {
    let mut least = MOST;
    for at in open {
        let party = parties.get_mut(*at)?;
        let balance = party.evidence.balance();
        let towards = if side == Speaker::Agent {
            balance
        } else {
            -balance
        };
        let joins = open.len() > 1 && towards <= -ALSO_AGENT;
        party.speaker = Some(if joins { side_of(balance) } else { side });
        let support = if joins { -towards } else { towards };
        least = least.min(sigmoid(ONE_SIDE_KNOWN + support * SLOPE));
    }
    Some(least)
}

/// No side is known. The voice with the strongest words of an agent is the
/// agent and the one at the other end the customer; a voice between them is a
/// second agent when its own words are an agent's.
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
    if let [(balance, at)] = *ranked {
        return alone(parties.get_mut(at)?, balance);
    }
    if let Some(first) = ranked.first_mut() {
        first.0 += SPEAKS_FIRST;
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let ((most, agent), (least, customer)) = (*ranked.first()?, *ranked.last()?);
    let confidence = sigmoid((most - least) * SLOPE);
    if confidence < UNDECIDED {
        return None;
    }
    for (balance, at) in ranked {
        let is_agent = at == agent || (at != customer && balance >= ALSO_AGENT);
        parties.get_mut(at)?.speaker = Some(if is_agent {
            Speaker::Agent
        } else {
            Speaker::Customer
        });
    }
    Some(confidence)
}

/// A single voice may be one side, or a call whose sides were not separated:
/// only clear words decide.
fn alone(party: &mut Party<'_>, balance: f64) -> Option<f64> {
    let confidence = sigmoid(balance.abs() / 2.0 * SLOPE);
    if confidence < WEAK {
        return None;
    }
    party.speaker = Some(side_of(balance));
    Some(confidence)
}

fn side_of(balance: f64) -> Speaker {
    if balance > 0.0 {
        Speaker::Agent
    } else {
        Speaker::Customer
    }
}

/// The logistic function, short of certainty.
fn sigmoid(x: f64) -> f64 {
    (1.0 / (1.0 + (-x).exp())).min(MOST)
}
