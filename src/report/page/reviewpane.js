// The review beside the transcript: every finding with accept, reject and
// correct, and the verdict on the call.

import { button, el, foreign, refill, select } from "./dom.js";
import { CHOICES, KINDS, finding, findingsOf } from "./findings.js";
import { nameOf, t } from "./text.js";

/** The schema's words for the labels of each kind of finding. */
const VOCABULARY = {
  risk: "level",
  turning_point: "direction",
  signal: "signal",
  term: "category",
  turn: "label",
};

/** The call's own judgement has this finding. */
export const CALL_FINDING = { key: "call", kind: "call" };

/** The label of a finding in the reader's words. */
export function labelOf({ kind, label }) {
  return nameOf(VOCABULARY[kind], label);
}

/** The panel of one call's review. */
export class ReviewPane {
  node = el("aside", { class: "review", "aria-label": t("review") });
  #call;
  #review;
  #go;
  #findings;
  #list = el("div", { class: "findings" });
  #overall = el("div", { class: "overall" });
  #current = null;

  constructor(call, review, go) {
    this.#call = call;
    this.#review = review;
    this.#go = go;
    this.#findings = findingsOf(call);
    this.node.append(this.#overall, this.#list);
    this.#drawOverall();
    this.draw();
  }

  /** Draws the findings with their judgements. */
  draw() {
    const active = document.activeElement;
    const focused = this.#list.contains(active) ? active.dataset.name : null;
    const entries = this.#entries();
    const done = entries.filter((entry) => this.#judgement(entry)?.verdict).length;
    const groups = KINDS.map((kind) => entries.filter((entry) => entry.kind === kind))
      .filter((group) => group.length > 0)
      .map((group) => [
        el("h3", {}, t(`kind.${group[0].kind}`), el("small", {}, group.length)),
        el(
          "ul",
          {},
          group.map((entry) => this.#card(entry)),
        ),
      ]);
    refill(
      this.#list,
      el(
        "h2",
        {},
        t("findings"),
        el("small", {}, t("findingsDone", { done, all: entries.length })),
      ),
      groups,
    );
    if (focused) this.#list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Moves to the next (1) or previous (−1) finding, and to its turn. */
  move(step) {
    const entries = this.#inOrder();
    if (entries.length === 0) return;
    const at = entries.findIndex((entry) => entry.key === this.#current);
    const first = step > 0 ? 0 : entries.length - 1;
    const next = at < 0 ? first : (at + step + entries.length) % entries.length;
    this.choose(entries[next]);
    if (entries[next].turn !== undefined) this.#go(entries[next].turn, false);
  }

  /** Makes a finding the one that the keys judge. */
  choose({ key }) {
    this.#current = key;
    this.draw();
    this.#reveal(key)?.focus({ preventScroll: true });
  }

  /** Makes the finding that stands at a turn the current one. */
  chooseAt(kind, turn) {
    const entry = this.#findings.find((found) => found.kind === kind && found.turn === turn);
    if (!entry) return;
    this.#current = entry.key;
    this.draw();
    this.#reveal(entry.key);
  }

  /** Brings a finding into sight, unless that would scroll the transcript away. */
  #reveal(key) {
    const card = this.#list.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (getComputedStyle(this.node).overflowY === "auto")
      card?.scrollIntoView({ block: "nearest" });
    return card;
  }

  /** Judges the current finding. */
  judgeCurrent(verdict) {
    const entry = this.#entries().find(({ key }) => key === this.#current);
    if (entry) this.#judge(entry, verdict);
  }

  /** Adds a finding that the machine missed, or takes it back. */
  addMissed(parts) {
    const entry = finding(parts);
    const known = this.#review.of(this.#call.call_id, entry.key);
    this.#review.judge(this.#call.call_id, entry, { verdict: known ? null : "missed" });
  }

  #judgement(entry) {
    return this.#review.of(this.#call.call_id, entry.key);
  }

  #judge(entry, verdict) {
    const judged = this.#judgement(entry);
    if (judged?.verdict === "missed") {
      this.#review.judge(this.#call.call_id, entry, { verdict: null, note: "" });
      return;
    }
    const same = judged?.verdict === verdict;
    const other = CHOICES[entry.kind]().find((label) => label !== entry.label);
    const corrected = verdict === "correct" ? (judged?.corrected ?? other) : null;
    this.#review.judge(
      this.#call.call_id,
      entry,
      same ? { verdict: null } : { verdict, corrected },
    );
  }

  /** What the machine found, and what the reviewer added or judged beside it. */
  #entries() {
    const known = new Set(this.#findings.map(({ key }) => key));
    const added = this.#review
      .allOf(this.#call.call_id)
      .map((judgement) => judgement.finding)
      .filter(({ key, kind }) => !known.has(key) && KINDS.includes(kind))
      .sort((a, b) => (a.turn ?? 0) - (b.turn ?? 0));
    return [...this.#findings, ...added];
  }

  #inOrder() {
    const entries = this.#entries();
    return KINDS.flatMap((kind) => entries.filter((entry) => entry.kind === kind));
  }

  #card(entry) {
    const judged = this.#judgement(entry);
    const verdict = judged?.verdict ?? "";
    const turn =
      entry.turn !== undefined &&
      button(t("turn", { n: entry.turn + 1 }), () => this.#open(entry), {
        class: "link",
        data: { name: `${entry.key}/turn` },
      });
    return el(
      "li",
      {
        class: `finding ${verdict}`,
        tabindex: -1,
        data: { key: entry.key, verdict: verdict && t(`verdict.${verdict}`) },
        "aria-current": entry.key === this.#current ? "true" : null,
        on: { click: () => this.#mark(entry) },
      },
      el(
        "div",
        { class: "what" },
        entry.term !== undefined && foreign(entry.term),
        el("span", { class: entry.term === undefined ? "" : "tag" }, foreign(labelOf(entry))),
        verdict === "missed" && el("span", { class: "tag missed" }, t("verdict.missed")),
        turn,
      ),
      el("div", { class: "acts" }, this.#acts(entry, verdict)),
      verdict === "correct" && this.#correction(entry, judged),
      (["reject", "correct"].includes(verdict) || judged?.note) && this.#note(entry, judged),
    );
  }

  #mark(entry) {
    if (this.#current === entry.key) return;
    this.#current = entry.key;
    for (const card of this.#list.querySelectorAll(".finding")) {
      if (card.dataset.key === entry.key) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
    }
  }

  #open(entry) {
    this.#current = entry.key;
    this.#go(entry.turn);
  }

  #acts(entry, verdict) {
    if (verdict === "missed") {
      return button("×", () => this.#judge(entry, "missed"), {
        title: t("remove"),
        "aria-label": t("remove"),
      });
    }
    return [
      ["accept", "✓"],
      ["reject", "✗"],
      ["correct", "✎"],
    ].map(([name, sign]) =>
      button(sign, () => this.#judge(entry, name), {
        class: name,
        title: t(`verdict.${name}`),
        "aria-label": `${t(`verdict.${name}`)}：${labelOf(entry)}`,
        "aria-pressed": String(verdict === name),
        data: { name: `${entry.key}/${name}` },
      }),
    );
  }

  #correction(entry, judged) {
    const change = (changes) => this.#review.judge(this.#call.call_id, entry, changes);
    const choices = CHOICES[entry.kind]().map((label) => [label, labelOf({ ...entry, label })]);
    const label = select(choices, judged.corrected, (corrected) => change({ corrected }), {
      data: { name: `${entry.key}/label` },
    });
    const parts = [el("label", {}, t("correctTo"), " ", label)];
    if (entry.kind === "turning_point") {
      const turns = this.#call.turns
        .map((turn, index) => ({ turn, index }))
        .filter(
          ({ turn, index }) => turn.speaker === "customer" && Math.abs(index - entry.turn) <= 8,
        )
        .map(({ index }) => [String(index), t("turn", { n: index + 1 })]);
      const moved = String(judged.corrected_turn ?? entry.turn);
      const choose = (turn) => change({ corrected_turn: Number(turn) });
      const place = select(turns, moved, choose, { data: { name: `${entry.key}/place` } });
      parts.push(el("label", {}, t("correctTurn"), " ", place));
    }
    return el("div", { class: "correction" }, parts);
  }

  #note(entry, judged) {
    const change = (event) =>
      this.#review.judge(this.#call.call_id, entry, { note: event.target.value });
    return el("input", {
      class: "note",
      type: "text",
      value: judged.note,
      placeholder: t("notePlaceholder"),
      "aria-label": t("note"),
      data: { name: `${entry.key}/note` },
      on: { change },
    });
  }

  #drawOverall() {
    const callId = this.#call.call_id;
    const judged = this.#review.of(callId, "call");
    const verdicts = ["accept", "reject"].map((verdict) =>
      button(
        verdict === "accept" ? `✓ ${t("callAccept")}` : `✗ ${t("callReject")}`,
        () => {
          const same = this.#review.of(callId, "call")?.verdict === verdict;
          this.#review.judge(callId, CALL_FINDING, { verdict: same ? null : verdict });
          this.#drawOverall();
        },
        { class: verdict, "aria-pressed": String(judged?.verdict === verdict) },
      ),
    );
    const note = el(
      "textarea",
      {
        rows: 2,
        placeholder: t("callNote"),
        "aria-label": t("callNote"),
        on: {
          change: (event) => this.#review.judge(callId, CALL_FINDING, { note: event.target.value }),
        },
      },
      judged?.note ?? "",
    );
    refill(this.#overall, el("h2", {}, t("verdict")), el("div", { class: "acts" }, verdicts), note);
  }
}
