// What a reviewer judges: every finding of a call, with a name that stays the
// same as long as the finding does.

import { namesOf } from "./text.js";

const CATEGORIES = () => namesOf("category");
const SIGNALS = () => namesOf("signal").slice(0, 8);

/** The labels a finding of each kind can be corrected to. */
export const CHOICES = {
  risk: () => ["low", "medium", "high"],
  turning_point: () => ["deterioration", "recovery"],
  signal: SIGNALS,
  term: CATEGORIES,
  turn: () => ["negative", "neutral", "positive"],
};

/** The kinds in the order of the review list; turns come only when judged. */
export const KINDS = ["risk", "turning_point", "signal", "term", "turn"];

/** A signal of a turn may be a name, or an object with name and span. */
export function signalName(signal) {
  return typeof signal === "string" ? signal : String(signal?.signal ?? signal?.kind ?? "");
}

/**
 * The findings of a call: `{ key, kind, label, turn?, term?, span? }`. `key`
 * names it within its call; the rest is what the export says of it.
 */
export function findingsOf(call) {
  const findings = [];
  if (call.escalation) findings.push(finding({ kind: "risk", label: call.escalation.level }));
  for (const point of call.turning_points ?? []) {
    findings.push(finding({ kind: "turning_point", turn: point.turn, label: point.direction }));
  }
  for (const [turn, { signals, terms }] of (call.turns ?? []).entries()) {
    for (const signal of new Set((signals ?? []).map(signalName))) {
      findings.push(finding({ kind: "signal", turn, label: signal }));
    }
    for (const { term, category, span } of terms ?? []) {
      findings.push(finding({ kind: "term", turn, label: category, term, span }));
    }
  }
  return findings;
}

/** The finding that a turn has its label. */
export function turnFinding(call, index) {
  const { label, text, speaker } = call.turns[index];
  return finding({ kind: "turn", turn: index, label, text, speaker });
}

/** A finding with its key. */
export function finding(parts) {
  const { kind, turn, label, term, span } = parts;
  const key = [kind, turn ?? "", kind === "turn" ? "" : label, term ?? "", (span ?? []).join("-")];
  return { key: key.join(":"), ...parts };
}
