// Invented heatmaps (schema callheat/1) for the tests of the page: call-centre
// conversations put together from stock sentences by a seeded generator.
//
//   node generate.mjs <calls> [seed] > heatmap.json

import { pathToFileURL } from "node:url";
import { AGENT, NEUTRAL, TOPICS } from "./topics.mjs";

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

const round = (value, digits = 4) => Number(value.toFixed(digits));

/** Writes one call turn by turn. */
class CallWriter {
  turns = [];
  silences = [];
  interruptions = [];
  points = [];
  #clock = 0;

  constructor(random) {
    this.random = random;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  say(speaker, text, valence, terms = [], signals = []) {
    const index = this.turns.length;
    const noisy = Math.min(0.99, Math.max(-0.99, valence + (this.random() - 0.5) * 0.16));
    const start = Math.round(this.#clock);
    this.#clock += 500 + text.length * (190 + this.random() * 60);
    const spread = 1 - Math.abs(noisy);
    const negative = noisy < 0 ? -noisy + spread * 0.12 : spread * 0.12;
    const positive = noisy > 0 ? noisy + spread * 0.12 : spread * 0.12;
    const label = noisy < -0.33 ? "negative" : noisy > 0.33 ? "positive" : "neutral";
    this.turns.push({
      index,
      speaker,
      start_ms: start,
      end_ms: Math.round(this.#clock),
      text,
      label,
      valence: round(noisy),
      probabilities: {
        negative: round(negative),
        neutral: round(Math.max(0, 1 - negative - positive)),
        positive: round(positive),
      },
      terms: terms.map(([term, category]) => {
        const from = [...text.slice(0, text.indexOf(term))].length;
        return { term, category, span: [from, from + [...term].length] };
      }),
      signals,
    });
    this.#clock += 150 + this.random() * 500;
    return index;
  }

  silence(ms) {
    this.silences.push({ start_ms: Math.round(this.#clock), duration_ms: ms });
    this.#clock += ms;
  }

  interrupt(by) {
    const overlap = Math.round(300 + this.random() * 900);
    this.#clock = Math.max(0, this.#clock - overlap);
    this.interruptions.push({ turn: this.turns.length, by, overlap_ms: overlap });
  }

  get duration() {
    return this.turns.at(-1).end_ms;
  }
}

function converse(random) {
  const call = new CallWriter(random);
  const topic = call.pick(TOPICS);
  const angry = random() < 0.42;
  const mended = random() < 0.6;
  const say = (speaker, [text, valence, terms, signals]) =>
    call.say(speaker, text, valence, terms, signals);
  call.say("agent", AGENT.open, 0.45);
  say("customer", topic.open);
  const questions = 1 + Math.floor(random() * 4);
  for (let i = 0; i < questions; i += 1) {
    call.say("agent", call.pick(AGENT.ask), 0.08);
    call.say("customer", call.pick(NEUTRAL), -0.02);
  }
  call.say("agent", call.pick(AGENT.hold), 0.1);
  const held = random() < 0.5;
  if (held) call.silence(6000 + Math.floor(random() * 40000));
  if (angry) sour(call, topic, held, say);
  if (mended || !angry) soothe(call, topic, angry, say);
  call.say("agent", AGENT.close, 0.5);
  return { call, topic, angry, mended };
}

function sour(call, topic, held, say) {
  const refusal = call.say("agent", call.pick(AGENT.refuse), -0.12);
  if (call.random() < 0.4) call.interrupt("customer");
  const trigger = { turn: refusal, speaker: "agent", event: held ? "hold" : "refusal" };
  const worse = [...topic.worse]
    .sort(() => call.random() - 0.5)
    .slice(0, 2 + Math.floor(call.random() * 3));
  let first = null;
  for (const line of worse) {
    const turn = say("customer", line);
    first ??= turn;
    call.say("agent", call.pick([...AGENT.refuse, ...AGENT.ask]), -0.05);
    if (call.random() < 0.2) call.interrupt("agent");
  }
  call.points.push({
    turn: first,
    direction: "deterioration",
    from: -0.12,
    to: -0.71,
    confidence: round(0.75 + call.random() * 0.24, 2),
    confirmed_at: first + 2,
    trigger,
  });
  if (call.random() < 0.75) say("customer", call.pick(topic.peak));
}

function soothe(call, topic, angry, say) {
  const offer = call.say("agent", call.pick(AGENT.mend), 0.3);
  const first = call.turns.length;
  for (const line of topic.calm) {
    say("customer", line);
    call.say("agent", "好的，我都帮您备注好了", 0.3);
  }
  if (!angry) return;
  call.points.push({
    turn: first,
    direction: "recovery",
    from: -0.74,
    to: 0.31,
    confidence: round(0.7 + call.random() * 0.28, 2),
    confirmed_at: first + 2,
    trigger: { turn: offer, speaker: "agent", event: "resolution" },
  });
}

/** Cells of one speaker: mean valence and complaints by bin of equal time. */
function lane(speaker, turns, duration, bins) {
  const cells = Array.from({ length: bins }, (_, bin) => ({
    bin,
    valence: null,
    turns: 0,
    complaints: {},
  }));
  for (const turn of turns.filter((entry) => entry.speaker === speaker)) {
    const cell = cells[Math.min(bins - 1, Math.floor((turn.start_ms / duration) * bins))];
    cell.valence = ((cell.valence ?? 0) * cell.turns + turn.valence) / (cell.turns + 1);
    cell.turns += 1;
    for (const { category } of turn.terms) {
      cell.complaints[category] = (cell.complaints[category] ?? 0) + 1;
    }
  }
  for (const cell of cells) if (cell.valence !== null) cell.valence = round(cell.valence);
  return { speaker, cells };
}

function termsOf(turns) {
  const terms = new Map();
  for (const turn of turns) {
    for (const { term, category } of turn.terms) {
      const entry = terms.get(term) ?? { term, category, count: 0, turns: [] };
      entry.count += 1;
      entry.turns.push(turn.index);
      terms.set(term, entry);
    }
  }
  return [...terms.values()];
}

function escalationOf(call, angry, mended, random) {
  const reasons = call.turns
    .filter(
      (turn) => turn.signals.length > 0 || (turn.speaker === "customer" && turn.valence < -0.72),
    )
    .sort((a, b) => b.signals.length - a.signals.length || a.valence - b.valence)
    .slice(0, 4)
    .map((turn) => ({ signal: turn.signals[0] ?? "low_level", turn: turn.index, text: turn.text }));
  const signals = call.turns.some((turn) => turn.signals.length > 0);
  const base = (angry ? 0.38 : 0.05) + (signals ? 0.34 : 0) - (angry && mended ? 0.1 : 0);
  const risk = round(Math.min(0.99, base + random() * 0.2));
  return { risk, level: risk > 0.6 ? "high" : risk > 0.3 ? "medium" : "low", reasons };
}

function oneCall(number, random, bins) {
  const { call, topic, angry, mended } = converse(random);
  const { turns, duration } = call;
  const lowest = turns
    .filter((turn) => turn.speaker === "customer")
    .reduce((least, turn) => (turn.valence < least.valence ? turn : least));
  const day = 1 + Math.floor(random() * 14);
  const hour = 8 + Math.floor((random() + random()) * 6);
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  return {
    call_id: `CC-${pad(day)}${pad(hour)}-${pad(number, 5)}`,
    source: { path: `录音转写/${pad(day)}/${pad(number, 5)}.json`, format: "funasr" },
    meta: {
      agent_id: `A${1001 + Math.floor(random() * 18)}`,
      queue: topic.queue,
      started_at: `2026-03-${pad(day)}T${pad(hour)}:${pad(Math.floor(random() * 60))}:00+08:00`,
      audio_uri: `audio/${pad(number, 5)}.wav`,
    },
    duration_ms: duration,
    turns,
    heatmap: ["customer", "agent"].map((speaker) => lane(speaker, turns, duration, bins)),
    turning_points: call.points,
    arc: {
      trend: mended || !angry ? "rising" : "falling",
      lowest: { turn: lowest.index, level: lowest.valence },
    },
    complaint_terms: termsOf(turns),
    escalation: escalationOf(call, angry, mended, random),
    timing: {
      talk_ratio: talk(turns, duration),
      silences: call.silences,
      interruptions: call.interruptions,
      chars_per_minute: { agent: 252, customer: 238 },
    },
    warnings:
      number % 9 === 0
        ? [{ code: "speaker_inferred", message: "说话人角色由内容推断", turn: 1 }]
        : [],
  };
}

function talk(turns, duration) {
  const share = (speaker) =>
    turns
      .filter((turn) => turn.speaker === speaker)
      .reduce((sum, turn) => sum + turn.end_ms - turn.start_ms, 0) / duration;
  return { agent: round(share("agent"), 2), customer: round(share("customer"), 2) };
}

function changeOf(share, random) {
  const later = share * (0.6 + random() * 0.8);
  const shares = { earlier_share: round(2 * share - later), later_share: round(later) };
  const p = round(random() ** 2, 3);
  return { ...shares, g: 1, p, q: p };
}

function batchTerms(calls, random) {
  const terms = new Map();
  for (const call of calls) {
    for (const { term, category, count, turns } of call.complaint_terms) {
      const entry = terms.get(term) ?? { term, category, count: 0, calls: 0, examples: [] };
      entry.count += count;
      entry.calls += 1;
      if (entry.examples.length < 3) entry.examples.push({ call_id: call.call_id, turn: turns[0] });
      terms.set(term, entry);
    }
  }
  const known = [...terms.values()].map((entry) => ({
    ...entry,
    keyness: round(entry.count * 1.7, 1),
    discovered: false,
    share_of_calls: round(entry.calls / calls.length),
    change: changeOf(entry.calls / calls.length, random),
  }));
  const red = calls.filter((call) =>
    call.turns.some((turn) => turn.text.includes("光猫红灯")),
  ).length;
  if (red > 0) {
    const found = {
      term: "光猫红灯",
      category: "other",
      count: red,
      calls: red,
      keyness: 22.4,
      discovered: true,
    };
    known.push({ ...found, share_of_calls: round(red / calls.length), examples: [] });
  }
  return known.sort((a, b) => b.keyness - a.keyness);
}

/** A heatmap of `count` calls; the same seed gives the same heatmap. */
export function generate(count, seed = 7, bins = 20) {
  const random = seeded(seed);
  const calls = Array.from({ length: count }, (_, i) => oneCall(i + 1, random, bins));
  const levels = { low: 0, medium: 0, high: 0 };
  for (const call of calls) levels[call.escalation.level] += 1;
  const customer = Array.from({ length: bins }, (_, bin) => {
    const values = calls
      .map((call) => call.heatmap[0].cells[bin].valence)
      .filter((v) => v !== null);
    return values.length > 0 ? round(values.reduce((sum, v) => sum + v, 0) / values.length) : null;
  });
  return {
    schema: "callheat/1",
    generator: { name: "callheat", version: "0.1.0" },
    model: {
      name: "default",
      sha256: "0".repeat(64),
      labels: ["negative", "neutral", "positive"],
      runtime: "rten 0.27",
    },
    bins,
    calls,
    terms: batchTerms(calls, random),
    heatmap: { customer, complaints: {} },
    summary: {
      calls: count,
      failed: 2,
      turns: calls.reduce((sum, call) => sum + call.turns.length, 0),
      levels,
    },
    failures: [
      { path: "录音转写/03/00091.json", line: 12, reason: "a turn has no text" },
      { path: "录音转写/04/broken.srt", line: 1, reason: "not a known transcript format" },
    ],
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [count = "40", seed = "7"] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(generate(Number(count), Number(seed))));
}
