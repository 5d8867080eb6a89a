// The call over time: a lane of cells for each speaker, the curve of the
// customer's valence with its turning points, and what happened when.

import { el, refill, svg } from "./dom.js";
import { heat } from "./heat.js";
import { clock, count, nameOf, seconds, signed, t } from "./text.js";
import { curve, levelPath } from "./curve.js";
import { signalName } from "./findings.js";

const LANE = 18;
const GAP = 3;
const EVENTS = 18;
const TICKS = 18;
const PAPER = 690;

/** The drawing of one call; `go(turn)` is called for what is clicked. */
export class Timeline {
  node = el("figure", { class: "timeline" });
  #call;
  #axis;
  #go;
  #drawing = null;
  #sight = null;
  #width = 0;
  #observer;

  constructor(call, axis, go) {
    this.#call = call;
    this.#axis = axis;
    this.#go = go;
    this.#observer = new ResizeObserver(([entry]) => this.#resize(entry.contentRect.width));
    this.#observer.observe(this.node);
    addEventListener("beforeprint", this.#forPaper);
    addEventListener("afterprint", this.#forScreen);
  }

  /** Stops watching the size. */
  close() {
    this.#observer.disconnect();
    removeEventListener("beforeprint", this.#forPaper);
    removeEventListener("afterprint", this.#forScreen);
  }

  /** Paper is narrower than the screen: drawn for it, labels stay readable. */
  #forPaper = () => this.#resize(PAPER);
  #forScreen = () => this.#resize(this.node.clientWidth);

  /** Marks the turns (first, last) that are in sight below. */
  mark(first, last) {
    if (!this.#sight) return;
    const { x } = this.#drawing;
    const from = x(this.#axis.extent(first)[0]);
    const to = x(this.#axis.extent(last)[1]);
    this.#sight.setAttribute("x", from);
    this.#sight.setAttribute("width", Math.max(2, to - from));
  }

  #resize(width) {
    if (width === 0 || Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    this.#draw();
  }

  #draw() {
    const narrow = this.#width < 600;
    const lanes = (this.#call.heatmap ?? []).filter((lane) => lane.cells?.length > 0);
    const labels = [t("events"), ...lanes.map((lane) => nameOf("speaker", lane.speaker))];
    const left = Math.max(narrow ? 0 : 60, ...labels.map(labelWidth)) + 10;
    const inner = this.#width - left - 14;
    const top = lanes.length * (LANE + GAP) + 6;
    const height = narrow ? 76 : 104;
    const bottom = top + height + EVENTS + TICKS;
    const x = (place) => left + place * inner;
    const y = (valence) => top + 6 + ((1 - valence) / 2) * (height - 12);
    this.#drawing = { x, y, left, inner, top, height, bottom, narrow };
    this.#sight = svg("rect", { class: "sight", y: 0, height: bottom - TICKS });
    refill(
      this.node,
      svg(
        "svg",
        {
          viewBox: `0 0 ${this.#width} ${bottom}`,
          width: this.#width,
          height: bottom,
          role: "group",
          "aria-label": t("timeline"),
        },
        patterns(),
        this.#sight,
        this.#backdrop(),
        lanes.map((lane, i) => this.#lane(lane, i * (LANE + GAP))),
        this.#grid(),
        this.#silences(),
        levelPath(this.#call, this.#axis, this.#drawing),
        curve(this.#call, this.#axis, this.#drawing, this.#go),
        this.#events(),
        this.#points(),
      ),
      this.#key(),
    );
  }

  /** A click on nothing in particular goes to the turn at that time. */
  #backdrop() {
    const { left, inner, top, height } = this.#drawing;
    const shape = { class: "backdrop", x: left, y: top, width: inner, height: height + EVENTS };
    const click = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const turn = this.#axis.nearest((event.clientX - box.left) / box.width);
      if (turn !== null) this.#go(turn);
    };
    return svg("rect", { ...shape, on: { click } });
  }

  #lane(lane, top) {
    const { x, left } = this.#drawing;
    const speaker = nameOf("speaker", lane.speaker);
    const { bins } = this.#axis;
    const cells = lane.cells
      .filter((cell) => cell.bin < bins)
      .map((cell) => {
        const [from, to] = [cell.bin / bins, (cell.bin + 1) / bins];
        const empty = typeof cell.valence !== "number";
        const label = this.#cellLabel(cell, speaker, from, to);
        const complaints = Object.keys(cell.complaints ?? {}).length > 0;
        const go = () => {
          const turn = this.#axis.turnOfBin(cell.bin, lane.speaker);
          if (turn !== null) this.#go(turn);
        };
        const shape = { x: x(from) + 0.5, y: top, width: Math.max(1, x(to) - x(from) - 1) };
        return svg(
          "g",
          empty ? { class: "cell" } : target(label, go, "cell"),
          svg("title", {}, label),
          svg("rect", { ...shape, height: LANE, rx: 2, class: heat(cell.valence) }),
          complaints &&
            svg("circle", { cx: (x(from) + x(to)) / 2, cy: top + LANE / 2, r: 2.5, class: "dot" }),
        );
      });
    const text = { x: left - 8, y: top + LANE - 5, "text-anchor": "end", class: "label" };
    return svg(
      "g",
      { class: "lane", role: "group", "aria-label": t("lane", { speaker }) },
      svg("text", text, speaker),
      cells,
    );
  }

  #cellLabel(cell, speaker, start, end) {
    const place = (at) =>
      this.#axis.timed ? clock(this.#axis.value(at)) : count(this.#axis.value(at));
    const values = { speaker, from: place(start), to: place(Math.max(start, end - 1e-9)) };
    if (typeof cell.valence !== "number") return t("cellEmpty", values);
    const label = t("cell", { ...values, valence: signed(cell.valence), n: cell.turns ?? 0 });
    const complaints = Object.values(cell.complaints ?? {}).reduce((sum, n) => sum + n, 0);
    return complaints > 0 ? `${label} · ${t("cellComplaints", { n: complaints })}` : label;
  }

  #grid() {
    const { x, y, left, inner, bottom, narrow } = this.#drawing;
    const lines = [1, 0, -1].map((valence) =>
      svg(
        "g",
        { class: valence === 0 ? "grid zero" : "grid" },
        svg("line", { x1: left, x2: left + inner, y1: y(valence), y2: y(valence) }),
        svg(
          "text",
          { x: left - 8, y: y(valence) + 4, "text-anchor": "end", class: "label" },
          valence === 0 ? "0" : signed(valence).slice(0, 2),
        ),
      ),
    );
    const ticks = this.#axis.ticks(narrow ? 5 : 12).map(({ place, value }) =>
      svg(
        "text",
        {
          x: x(place),
          y: bottom - 4,
          "text-anchor": place > 0.97 ? "end" : "middle",
          class: "label",
        },
        this.#axis.timed ? clock(value) : count(Math.max(1, value)),
      ),
    );
    const text = { x: left - 8, y: bottom - TICKS - 4, "text-anchor": "end", class: "label" };
    return svg("g", {}, lines, ticks, svg("text", text, t("events")));
  }

  #silences() {
    if (!this.#axis.timed) return null;
    const { x, top, height } = this.#drawing;
    return (this.#call.timing?.silences ?? []).map((silence) => {
      const from = this.#axis.at(silence.start_ms);
      const to = this.#axis.at(silence.start_ms + silence.duration_ms);
      const label = t("silenceLine", { seconds: seconds(silence.duration_ms) });
      const go = () => this.#go(this.#axis.nearest(to));
      const width = Math.max(3, x(to) - x(from));
      const shape = { x: x(from), y: top, width, height: height + EVENTS };
      return svg(
        "g",
        target(label, go, "silence"),
        svg("title", {}, label),
        svg("rect", { ...shape, class: "hatched" }),
      );
    });
  }

  /** Interruptions, signals and triggers in the line of events. */
  #events() {
    const y = this.#drawing.top + this.#drawing.height + EVENTS / 2;
    const marks = [];
    for (const { turn, by, overlap_ms: overlap } of this.#call.timing?.interruptions ?? []) {
      const values = { speaker: nameOf("speaker", by), seconds: seconds(overlap ?? 0) };
      marks.push([
        turn,
        "interruption",
        t("interruptionLine", values),
        "M-5,-4 0,0 -5,4Z M5,-4 0,0 5,4Z",
      ]);
    }
    for (const [turn, { signals }] of (this.#call.turns ?? []).entries()) {
      if (!signals?.length) continue;
      const names = signals.map((signal) => nameOf("signal", signalName(signal))).join(" · ");
      marks.push([turn, "signal", `${t("signalMark")}：${names}`, "M-3,6V-6L5,-3L-3,0"]);
    }
    for (const { trigger } of this.#call.turning_points ?? []) {
      if (trigger)
        marks.push([trigger.turn, "trigger", triggerLine(trigger), "M0,-5 5,0 0,5 -5,0Z"]);
    }
    return marks.map(([turn, kind, line, d]) => {
      const label = `${t("turn", { n: turn + 1 })} · ${line}`;
      const at = { transform: `translate(${this.#drawing.x(this.#axis.middle(turn))} ${y})` };
      return svg(
        "g",
        { ...target(label, () => this.#go(turn), `event ${kind}`), ...at },
        svg("title", {}, label),
        svg("circle", { r: 8, class: "reach" }),
        svg("path", { d }),
      );
    });
  }

  #points() {
    const { x, y, top, height } = this.#drawing;
    return (this.#call.turning_points ?? []).map((point, i) => {
      const label = `${t("point")} ${i + 1} · ${t("turn", { n: point.turn + 1 })} · ${pointLine(point)}`;
      const falling = point.direction === "deterioration";
      const at = x(this.#axis.middle(point.turn));
      const late = at > this.#width - 120;
      return svg(
        "g",
        {
          ...target(label, () => this.#go(point.turn), `point ${falling ? "down" : "up"}`),
          data: { turn: point.turn },
        },
        svg("title", {}, label),
        svg("line", { x1: at, x2: at, y1: 0, y2: top + height }),
        svg("path", {
          transform: `translate(${at} ${falling ? y(1) : y(-1)})`,
          d: falling ? "M-7,-6H7L0,6Z" : "M-7,6H7L0,-6Z",
        }),
        svg(
          "text",
          {
            x: late ? at - 9 : at + 9,
            y: (falling ? y(1) : y(-1)) + 4,
            class: "label",
            "text-anchor": late ? "end" : "start",
          },
          `${signed(point.from)} → ${signed(point.to)}`,
        ),
      );
    });
  }

  #key() {
    const sign = (kind, d, label) =>
      el(
        "span",
        { class: "sign" },
        svg(
          "svg",
          { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" },
          svg("g", { class: kind }, svg("path", { d })),
        ),
        label,
      );
    return el(
      "figcaption",
      {},
      sign("point down", "M-7,-6H7L0,6Z", `${t("point")} ${nameOf("direction", "deterioration")}`),
      sign("point up", "M-7,6H7L0,-6Z", `${t("point")} ${nameOf("direction", "recovery")}`),
      sign("event trigger", "M0,-5 5,0 0,5 -5,0Z", t("trigger")),
      sign("event signal", "M-3,6V-6L5,-3L-3,0", t("signalMark")),
      sign("event interruption", "M-6,-5 0,0 -6,5Z M6,-5 0,0 6,5Z", t("interruption")),
      this.#axis.timed
        ? el("span", { class: "sign" }, el("i", { class: "cell hatched" }), t("silence"))
        : el("span", { class: "sign" }, t("noTimes")),
    );
  }
}

/** What a turning point says of itself. */
export function pointLine(point) {
  return t("pointLine", {
    direction: nameOf("direction", point.direction),
    from: signed(point.from),
    to: signed(point.to),
    confidence: Number(point.confidence ?? 0).toFixed(2),
    n: (point.confirmed_at ?? point.turn) + 1,
  });
}

/** What stands just before a turning point. */
export function triggerLine(trigger) {
  const line = t("triggerLine", {
    n: trigger.turn + 1,
    speaker: nameOf("speaker", trigger.speaker),
  });
  return trigger.event ? `${line} · ${nameOf("event", trigger.event)}` : line;
}

/** Attributes of a drawn thing that can be clicked, reached and read aloud. */
function target(label, go, name) {
  const keydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    go();
  };
  const click = (event) => {
    event.stopPropagation();
    go();
  };
  return { class: name, role: "button", tabindex: 0, "aria-label": label, on: { click, keydown } };
}

/** About how wide a label is: Chinese characters are as wide as high. */
function labelWidth(text) {
  return [...text.slice(0, 12)].reduce((width, c) => width + (c > "\u2e80" ? 11 : 6.5), 0);
}

/** The hatching of empty cells and silences. */
function patterns() {
  return svg(
    "defs",
    {},
    svg(
      "pattern",
      {
        id: "hatching",
        width: 5,
        height: 5,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
      },
      svg("line", { x1: 0, x2: 0, y1: 0, y2: 5 }),
    ),
  );
}
