// One call: who and how grave, the call over time, its transcript and review.

import { Axis } from "./axis.js";
import { button, el, foreign, refill } from "./dom.js";
import { recordingAddress } from "./recording.js";
import { ReviewPane } from "./reviewpane.js";
import { risk } from "./table.js";
import { clock, count, nameOf, percent, signed, t, when } from "./text.js";
import { Timeline } from "./timeline.js";
import { Transcript, scroller } from "./transcript.js";
import { turnReview } from "./turnreview.js";

/** The view of one call, drawn into `node`. */
export class CallView {
  position;
  review;
  #call;
  #timeline;
  #transcript;
  #app;
  #opened = null;

  constructor(node, call, row, app) {
    this.position = row.position;
    this.#call = call;
    this.#app = app;
    const go = (turn, focus) => this.go(turn, focus);
    const axis = new Axis(call, app.batch.bins);
    this.#timeline = new Timeline(call, axis, go);
    this.#transcript = new Transcript(call, (turn) => this.#relabel(turn));
    this.review = new ReviewPane(call, app.review, go);
    this.axis = axis;
    refill(
      node,
      el("header", { class: "call-head" }, this.#navigation(row), this.#title(row), this.#facts()),
      this.#warnings(),
      this.#reasons(),
      this.#timeline.node,
      el("div", { class: "body" }, this.#transcript.node, this.review.node),
    );
    const room = scroller(this.#transcript.node);
    this.room = room;
    room.addEventListener("scroll", this.#onScroll, { passive: true });
    requestAnimationFrame(this.#onScroll);
  }

  /** Ends what would go on. */
  close() {
    this.room.removeEventListener("scroll", this.#onScroll);
    this.#timeline.close();
  }

  /** Shows a turn; a finding of a turning point there becomes the current one. */
  go(turn, focus = true) {
    this.#transcript.go(turn, focus);
    if (focus) this.review.chooseAt("turning_point", turn);
  }

  /** Goes to the next (1) or previous (−1) turning point. */
  movePoint(step) {
    const turns = (this.#call.turning_points ?? []).map((point) => point.turn);
    if (turns.length === 0) return;
    turns.sort((a, b) => a - b);
    const { current } = this.#transcript;
    const at = this.pointsBegun ? current : current - 1;
    this.pointsBegun = true;
    const next =
      step > 0 ? turns.find((turn) => turn > at) : turns.findLast((turn) => turn < current);
    this.go(next ?? (step > 0 ? turns[0] : turns.at(-1)));
  }

  /** Opens the recording at the current turn. */
  openRecording() {
    const turn = this.#call.turns[this.#transcript.current];
    const address = recordingAddress(this.#call.meta?.audio_uri, turn?.start_ms);
    if (address) window.open(address, "_blank", "noopener,noreferrer");
  }

  #onScroll = () => {
    const box = this.room.getBoundingClientRect();
    const [first, last] = this.#transcript.between(box.top + 8, box.bottom - 8);
    this.#timeline.mark(first, last);
  };

  #relabel(turn) {
    const article = this.#transcript.article(turn);
    const opened = article.querySelector(".turn-review");
    this.#opened?.remove();
    this.#opened = null;
    const control = article.querySelector(".valence");
    control.setAttribute("aria-expanded", String(!opened));
    if (opened) return;
    const addMissed = (parts) => this.review.addMissed(parts);
    this.#opened = turnReview(this.#call, turn, this.#app.review, addMissed);
    article.append(this.#opened);
  }

  #navigation(row) {
    const { selection } = this.#app;
    const at = selection.shown.findIndex(({ position }) => position === row.position);
    const step = (direction, sign, label) => {
      const to = selection.neighbour(row.position, direction);
      return button(sign, () => this.#app.step(direction), {
        disabled: to === null,
        title: label,
        "aria-label": label,
      });
    };
    return el(
      "nav",
      {},
      el("a", { class: "back", href: "#" }, `← ${t("back")}`),
      el(
        "span",
        { class: "steps" },
        step(-1, "↑", `${t("previous")} (k)`),
        at >= 0 && el("span", {}, t("position", { n: at + 1, all: selection.shown.length })),
        step(1, "↓", `${t("next")} (j)`),
      ),
      button(t("print"), () => window.print(), { class: "quiet" }),
    );
  }

  #title(row) {
    const { meta } = this.#call;
    const address = recordingAddress(meta?.audio_uri, 0);
    return el(
      "div",
      { class: "title" },
      el("h1", { tabindex: -1 }, foreign(row.id)),
      this.#call.escalation ? risk(row) : null,
      address &&
        el(
          "a",
          { class: "recording", href: address, target: "_blank", rel: "noopener noreferrer" },
          `▶ ${t("recording")}`,
        ),
    );
  }

  #facts() {
    const { meta, duration_ms: duration, arc, timing, source, turns } = this.#call;
    const facts = [
      [t("agent"), meta?.agent_id],
      [t("queue"), meta?.queue],
      [t("started"), meta?.started_at && when(String(meta.started_at))],
      [t("duration"), typeof duration === "number" ? clock(duration) : null],
      [t("turns"), count(turns?.length ?? 0)],
      [t("trend"), trend(arc?.trend)],
      [t("talk"), bySpeaker(timing?.talk_ratio, percent)],
      [t("pace"), bySpeaker(timing?.chars_per_minute, (n) => t("paceUnit", { n }))],
      [t("source"), source?.path],
    ].filter(([, value]) => value !== null && value !== undefined && value !== "");
    const lowest = arc?.lowest;
    return el(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, foreign(value, { title: String(value) }))),
      ),
      typeof lowest?.turn === "number" &&
        el(
          "div",
          {},
          el("dt", {}, t("lowestAt")),
          el(
            "dd",
            {},
            button(
              `${signed(lowest.level)} · ${t("turn", { n: lowest.turn + 1 })}`,
              () => this.go(lowest.turn),
              { class: "link" },
            ),
          ),
        ),
    );
  }

  #reasons() {
    const reasons = this.#call.escalation?.reasons ?? [];
    if (reasons.length === 0) return el("p", { class: "reasons none" }, t("noReasons"));
    const items = reasons.map(({ signal, turn, text }) =>
      el(
        "li",
        {},
        button(
          [
            el("b", {}, nameOf("signal", signal)),
            el("small", {}, t("turn", { n: turn + 1 })),
            foreign(text, { title: text }),
          ],
          () => this.go(turn),
        ),
      ),
    );
    return el(
      "section",
      { class: "reasons" },
      el("h2", {}, t("reasons")),
      el("ol", { tabindex: 0, "aria-label": t("reasons") }, items),
    );
  }

  #warnings() {
    const warnings = this.#call.warnings ?? [];
    if (warnings.length === 0) return null;
    const items = warnings.map((warning) => {
      const message = foreign(warning.message ?? warning.code ?? warning);
      if (typeof warning.turn !== "number") return el("li", {}, message);
      const place = t("turn", { n: warning.turn + 1 });
      return el(
        "li",
        {},
        message,
        " ",
        button(place, () => this.go(warning.turn), { class: "link" }),
      );
    });
    const summary = el("summary", {}, `${t("warnings")} ${warnings.length}`);
    return el("details", { class: "warnings" }, summary, el("ul", {}, items));
  }
}

/** The trend is a word, or the slope of the level over the call. */
function trend(value) {
  if (typeof value === "number") return signed(value);
  return typeof value === "string" ? nameOf("trend", value) : null;
}

function bySpeaker(values, show) {
  if (!values) return null;
  const parts = ["customer", "agent"]
    .filter((speaker) => typeof values[speaker] === "number")
    .map((speaker) => `${nameOf("speaker", speaker)} ${show(values[speaker])}`);
  return parts.length > 0 ? parts.join(" · ") : null;
}
