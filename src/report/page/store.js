// The review: verdicts and notes, in the browser's storage, one entry a call.

const ACTIONS = new Set(["accept", "reject", "correct", "missed"]);

/**
 * Judgements of a batch. Each is `{ finding, verdict, corrected, corrected_turn,
 * note }`; the verdict and the note on the call itself have the finding
 * `{ kind: "call" }`.
 */
export class Review {
  /** Set when the browser does not keep what is stored. */
  failed = false;
  #prefix;
  #calls = new Map();
  #listeners = [];

  constructor(batchName) {
    this.#prefix = `callheat.review/${batchName}/`;
    this.#readAll();
    window.addEventListener("storage", (event) => {
      if (event.key === null || event.key.startsWith(this.#prefix)) {
        this.#readAll();
        this.#tell(null);
      }
    });
  }

  /** Calls `listener(callId)` after every change; null means any call. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** The judgement of a finding, if it has one. */
  of(callId, key) {
    return this.#calls.get(callId)?.get(key) ?? null;
  }

  /** Every judgement of a call. */
  allOf(callId) {
    return [...(this.#calls.get(callId)?.values() ?? [])];
  }

  /** Judges a finding; `changes` without verdict and note take the judgement back. */
  judge(callId, finding, changes) {
    const entries = this.#calls.get(callId) ?? new Map();
    const entry = { verdict: null, corrected: null, note: "", ...entries.get(finding.key) };
    Object.assign(entry, changes, { finding });
    if (entry.verdict !== "correct")
      Object.assign(entry, { corrected: null, corrected_turn: null });
    if (entry.verdict === null && entry.note === "") entries.delete(finding.key);
    else entries.set(finding.key, entry);
    this.#calls.set(callId, entries);
    this.#save(callId);
    this.#tell(callId);
  }

  /** What the filter asks: a set of `none`, `partly`, `done`, `changed`. */
  stateOf(callId) {
    const entries = this.#calls.get(callId);
    if (!entries || entries.size === 0) return new Set(["none"]);
    const state = new Set([entries.get("call")?.verdict ? "done" : "partly"]);
    const changes = ["reject", "correct", "missed"];
    if ([...entries.values()].some((entry) => changes.includes(entry.verdict))) {
      state.add("changed");
    }
    return state;
  }

  /** How many of the calls have a verdict. */
  doneAmong(rows) {
    return rows.filter((row) => this.#calls.get(row.id)?.get("call")?.verdict).length;
  }

  /**
   * The review as JSON Lines, in the order of `rows`, and its number of lines:
   * `{ call_id, finding, verdict, corrected, corrected_turn?, note }`.
   * `finding.kind` is risk, turning_point, signal, term, turn or call;
   * `finding.label` is what the machine said in the schema's words (level,
   * direction, signal, category, label); `turn`, `term`, `span` (characters),
   * and of a turn `text` and `speaker` stand beside it. `verdict` is accept,
   * reject, correct (then `corrected` is the right label, and `corrected_turn`
   * the right turn of a turning point that was moved), missed (the reviewer's
   * own finding), or null with a mere note.
   */
  export(rows) {
    const lines = [];
    const ids = new Set(rows.map((row) => row.id));
    for (const id of ids) {
      for (const { finding, verdict, corrected, corrected_turn: turn, note } of this.allOf(id)) {
        const { key: _, ...said } = finding;
        const moved = turn === null || turn === undefined ? {} : { corrected_turn: turn };
        lines.push(
          JSON.stringify({ call_id: id, finding: said, verdict, corrected, ...moved, note }),
        );
      }
    }
    return { text: lines.map((line) => `${line}\n`).join(""), count: lines.length };
  }

  /**
   * Takes exported lines back; those of the file win. `nameFinding` gives a
   * finding its key. Returns how many were taken, the numbers of lines that are
   * no judgement, and how many are of calls that `known` does not have.
   */
  import(text, known, nameFinding) {
    const result = { taken: 0, bad: [], other: 0 };
    const touched = new Set();
    for (const [i, line] of text.split(/\r?\n/u).entries()) {
      if (line.trim() === "" || line === "\uFEFF") continue;
      const entry = readLine(line.replace(/^\uFEFF/u, ""), nameFinding);
      if (!entry) result.bad.push(i + 1);
      else if (!known.has(entry.callId)) result.other += 1;
      else {
        const entries = this.#calls.get(entry.callId) ?? new Map();
        entries.set(entry.judgement.finding.key, entry.judgement);
        this.#calls.set(entry.callId, entries);
        touched.add(entry.callId);
        result.taken += 1;
      }
    }
    for (const id of touched) this.#save(id);
    this.#tell(null);
    return result;
  }

  #readAll() {
    this.#calls = new Map();
    try {
      for (let i = 0; i < localStorage.length; i += 1) {
        const key = localStorage.key(i);
        if (!key.startsWith(this.#prefix)) continue;
        const entries = readEntries(localStorage.getItem(key));
        if (entries) this.#calls.set(key.slice(this.#prefix.length), entries);
      }
    } catch {
      this.failed = true;
    }
  }

  #save(callId) {
    const entries = this.#calls.get(callId);
    const key = this.#prefix + callId;
    try {
      if (entries.size === 0) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify([...entries.values()]));
    } catch {
      this.failed = true;
    }
  }

  #tell(callId) {
    for (const listener of this.#listeners) listener(callId);
  }
}

/** A stored call's judgements by key; null when another program wrote there. */
function readEntries(json) {
  try {
    const list = JSON.parse(json).filter((entry) => typeof entry?.finding?.key === "string");
    return new Map(list.map((entry) => [entry.finding.key, entry]));
  } catch {
    return null;
  }
}

function readLine(line, nameFinding) {
  let entry;
  try {
    entry = JSON.parse(line);
  } catch {
    return null;
  }
  const said = entry?.finding;
  if (typeof entry?.call_id !== "string" || typeof said?.kind !== "string") return null;
  if (entry.verdict !== null && !ACTIONS.has(entry.verdict)) return null;
  const text = (value) => (typeof value === "string" ? value : null);
  const judgement = {
    finding: said.kind === "call" ? { key: "call", kind: "call" } : nameFinding(said),
    verdict: entry.verdict,
    corrected: text(entry.corrected),
    corrected_turn: Number.isInteger(entry.corrected_turn) ? entry.corrected_turn : null,
    note: text(entry.note) ?? "",
  };
  return { callId: entry.call_id, judgement };
}
