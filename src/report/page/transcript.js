// The transcript: each turn tinted by its valence, with its complaint terms and
// signals, and between the turns what the machine found there.

import { button, el, foreign, visible } from "./dom.js";
import { heat } from "./heat.js";
import { recordingAddress } from "./recording.js";
import { clock, nameOf, seconds, signed, t } from "./text.js";
import { pointLine, triggerLine } from "./timeline.js";
import { signalName } from "./findings.js";

/** The transcript of a call; `relabel(turn, article)` opens a turn's own review. */
export class Transcript {
  node = el("section", { class: "transcript", "aria-label": t("transcript") });
  #call;
  #articles = [];
  #current = 0;

  constructor(call, relabel) {
    this.#call = call;
    const silences = silencesBefore(call);
    const points = grouped(call.turning_points ?? [], (point) => point.turn);
    const interruptions = grouped(call.timing?.interruptions ?? [], (entry) => entry.turn);
    (call.turns ?? []).forEach((turn, index) => {
      for (const silence of silences.get(index) ?? []) {
        const line = t("silenceLine", { seconds: seconds(silence.duration_ms) });
        this.node.append(el("p", { class: "between silence" }, line));
      }
      for (const point of points.get(index) ?? []) this.node.append(this.#point(point));
      const article = this.#turn(turn, index, interruptions.get(index) ?? [], relabel);
      this.#articles.push(article);
      this.node.append(article);
    });
  }

  /** The turn that was gone to last. */
  get current() {
    return this.#current;
  }

  /** Scrolls to a turn and marks it. */
  go(index, focus = true) {
    const article = this.#articles[index];
    if (!article) return;
    this.#articles[this.#current]?.removeAttribute("aria-current");
    this.#current = index;
    article.setAttribute("aria-current", "true");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const before = article.previousElementSibling;
    const above = before?.classList.contains("point") ? before : article;
    const room = scroller(this.node);
    const top = above.getBoundingClientRect().top - room.getBoundingClientRect().top;
    const margin = covered(room) + Math.min(100, room.clientHeight / 5);
    room.scrollTo({ top: room.scrollTop + top - margin, behavior: calm ? "auto" : "smooth" });
    if (focus) article.focus({ preventScroll: true });
  }

  /** The article of a turn. */
  article(index) {
    return this.#articles[index];
  }

  /** First and last turn between two heights of the window. */
  between(top, bottom) {
    const after = (edge) => {
      let [low, high] = [0, this.#articles.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#articles[middle].getBoundingClientRect().bottom > edge) high = middle;
        else low = middle + 1;
      }
      return Math.max(0, low);
    };
    return [after(top), after(bottom)];
  }

  #turn(turn, index, interruptions, relabel) {
    const extras = [
      ...interruptions.map(({ by, overlap_ms: overlap }) => {
        const values = { speaker: nameOf("speaker", by), seconds: seconds(overlap ?? 0) };
        return el("span", { class: "badge interruption" }, t("interruptionLine", values));
      }),
      ...unplacedSignals(turn).map((signal) =>
        el("span", { class: "badge signal" }, "⚑ ", foreign(nameOf("signal", signal))),
      ),
    ];
    const speaker = ["customer", "agent"].includes(turn.speaker) ? turn.speaker : "unknown";
    return el(
      "article",
      {
        class: `turn ${speaker} ${heat(turn.valence)}`,
        tabindex: -1,
        data: { turn: index },
        "aria-label": t("turn", { n: index + 1 }),
      },
      this.#time(turn, index),
      el("span", { class: "speaker" }, nameOf("speaker", turn.speaker)),
      el("p", {}, turn.text ? marked(turn) : el("i", {}, t("emptyTurn")), extras),
      typeof turn.valence === "number"
        ? button(signed(turn.valence), () => relabel(index), {
            class: "valence",
            title: `${nameOf("label", turn.label ?? "")} · ${t("relabel")}`,
            "aria-expanded": "false",
          })
        : null,
    );
  }

  /** When the turn was spoken: a link into the recording where there is one. */
  #time(turn, index) {
    const parts = [
      typeof turn.start_ms === "number" && el("time", {}, clock(turn.start_ms)),
      el("small", {}, index + 1),
    ];
    const address = recordingAddress(this.#call.meta?.audio_uri, turn.start_ms);
    if (!address) return el("span", { class: "time" }, parts);
    const title = t("recordingAt", { time: clock(turn.start_ms) });
    return el(
      "a",
      { class: "time", href: address, target: "_blank", rel: "noopener noreferrer", title },
      parts,
    );
  }

  #point(point) {
    const falling = point.direction === "deterioration";
    return el(
      "p",
      { class: `between point ${falling ? "down" : "up"}` },
      el("b", {}, `${falling ? "▼" : "▲"} ${t("point")}`),
      el("span", {}, pointLine(point)),
      point.trigger &&
        button(triggerLine(point.trigger), () => this.go(point.trigger.turn), { class: "link" }),
    );
  }
}

/** The element that scrolls `node`: a pane on a wide screen, the page on a phone. */
export function scroller(node) {
  const pane = node.closest(".body");
  const scrolls = pane && /auto|scroll/.test(getComputedStyle(node).overflowY);
  return scrolls ? node : node.closest(".call");
}

/** Height at the top of a scrolling element that a drawing stuck there covers. */
function covered(room) {
  const drawing = room.querySelector(".timeline");
  return drawing && getComputedStyle(drawing).position === "sticky" ? drawing.offsetHeight : 0;
}

/** Silences by the turn that ends them. */
function silencesBefore(call) {
  const turns = call.turns ?? [];
  return grouped(call.timing?.silences ?? [], (silence) => {
    const end = silence.start_ms + silence.duration_ms;
    const next = turns.findIndex((turn) => (turn.start_ms ?? -1) >= end - 1);
    return next < 0 ? turns.length - 1 : next;
  });
}

function grouped(list, keyOf) {
  const groups = new Map();
  for (const entry of list) {
    const key = keyOf(entry);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups;
}

function spansOfSignals(turn) {
  const listed = [...(turn.signal_spans ?? []), ...(turn.signals ?? [])];
  return listed.filter((signal) => Array.isArray(signal?.span));
}

function unplacedSignals(turn) {
  const placed = new Set(spansOfSignals(turn).map(signalName));
  const names = new Set((turn.signals ?? []).map(signalName));
  return [...names].filter((name) => !placed.has(name));
}

/** The turn's text, its terms and signals marked and named. Spans may overlap. */
function marked(turn) {
  const characters = [...turn.text];
  const marks = [
    ...(turn.terms ?? []).map(({ term, category, span }) => ({
      span: span ?? found(turn.text, term),
      kind: "term",
      label: nameOf("category", category),
    })),
    ...spansOfSignals(turn).map((signal) => ({
      span: signal.span,
      kind: "signal",
      label: nameOf("signal", signalName(signal)),
    })),
  ].filter(({ span }) => span && span[0] < span[1] && span[1] <= characters.length);
  const edges = new Set([0, characters.length, ...marks.flatMap(({ span }) => span)]);
  const cuts = [...edges].sort((a, b) => a - b);
  const pieces = cuts.slice(0, -1).map((from, i) => {
    const to = cuts[i + 1];
    const over = marks.filter(({ span }) => span[0] <= from && to <= span[1]);
    const text = visible(characters.slice(from, to).join(""));
    if (over.length === 0) return text;
    const kinds = [...new Set(over.map(({ kind }) => kind))].join(" ");
    const ending = over.filter(({ span }) => span[1] === to);
    const labels = [...new Set(ending.map(({ kind, label }) => `${kind}\n${label}`))];
    return el(
      "mark",
      { class: kinds, title: over.map(({ label }) => label).join(" · ") },
      text,
      labels.map((entry) => {
        const [kind, label] = entry.split("\n");
        return el("small", { class: `tag ${kind}`, "aria-label": `（${label}）` }, label);
      }),
    );
  });
  return el("bdi", {}, pieces);
}

/** A term without a span is sought in the text. */
function found(text, term) {
  const at = text.indexOf(term);
  if (at < 0) return null;
  const from = [...text.slice(0, at)].length;
  return [from, from + [...term].length];
}
