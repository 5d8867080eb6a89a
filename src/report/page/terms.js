// Complaint terms of the batch as ranked bars; a click chooses their calls.

import { button, el, foreign, refill } from "./dom.js";
import { nameOf, percent, t } from "./text.js";

const SHOWN_FIRST = 24;
/** Changes with a smaller `q`, chance corrected for the number of terms, are shown. */
const SIGNIFICANT = 0.05;

/** The panel of the batch's complaint terms. */
export class TermsPanel {
  node = el("section", { class: "panel terms" });
  #terms;
  #selection;
  #calls;
  #all = false;

  constructor(batch, selection) {
    this.#terms = [...(batch.heatmap.terms ?? [])].sort((a, b) => b.count - a.count);
    this.#selection = selection;
    this.#calls = Math.max(1, batch.rows.length);
  }

  /** Draws the bars; the chosen term is marked. */
  draw() {
    const shown = this.#all ? this.#terms : this.#terms.slice(0, SHOWN_FIRST);
    const most = Math.max(1, ...this.#terms.slice(0, 1).map((term) => term.count));
    const more = this.#terms.length > SHOWN_FIRST && [
      button(
        this.#all ? t("fewerTerms") : t("moreTerms", { n: this.#terms.length }),
        () => {
          this.#all = !this.#all;
          this.draw();
        },
        { class: "quiet" },
      ),
    ];
    refill(
      this.node,
      el("h2", {}, t("terms"), el("small", {}, t("termsHint"))),
      this.#terms.length === 0 && el("p", { class: "none" }, t("noTerms")),
      el(
        "ol",
        {},
        shown.map((term) => el("li", {}, this.#bar(term, most))),
      ),
      more,
    );
  }

  #bar(term, most) {
    const chosen = this.#selection.filters.term?.term === term.term;
    const share = term.share_of_calls ?? term.calls / this.#calls;
    const bar = el("span", { class: "bar" });
    bar.style.width = `${(100 * term.count) / most}%`;
    const node = button(
      [
        bar,
        el(
          "span",
          { class: "name" },
          foreign(term.term),
          el("small", { class: "tag" }, foreign(nameOf("category", term.category))),
          term.discovered === true && el("small", { class: "tag new" }, t("discovered")),
          change(term.change),
        ),
        el(
          "span",
          { class: "figures" },
          t("termCount", { count: term.count, calls: term.calls, share: percent(share) }),
        ),
      ],
      () => this.#selection.filter({ term: chosen ? null : term }),
      { class: "term-bar", "aria-pressed": String(chosen) },
    );
    return node;
  }
}

/**
 * How the term's share of the calls changed from the earlier half to the later;
 * nothing where chance alone would explain it.
 */
function change(value) {
  const { earlier_share: earlier, later_share: later, q } = value ?? {};
  if (typeof earlier !== "number" || typeof later !== "number" || !(q < SIGNIFICANT)) return null;
  const rising = later > earlier;
  const by = earlier > 0 ? percent(Math.abs(later / earlier - 1)) : t("fromNone");
  const title = [
    t(rising ? "rising" : "falling", { from: percent(earlier), to: percent(later) }),
    t("significant"),
  ];
  return el(
    "small",
    { class: `change ${rising ? "up" : "down"}`, title: title.join(" · ") },
    `${rising ? "▲" : "▼"}${by}`,
  );
}
