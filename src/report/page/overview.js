// The overview: figures, filters, the heatmap of all calls, and beside it the
// complaint terms and when they come.

import { CalendarPanel } from "./calendar.js";
import { button, el, refill } from "./dom.js";
import { FilterBar } from "./filters.js";
import { legend } from "./heat.js";
import { Summary, meanCells } from "./summary.js";
import { CallTable, strip } from "./table.js";
import { TermsPanel } from "./terms.js";
import { signed, t } from "./text.js";

const SORTED = [
  ["risk", "risk"],
  [null, "call"],
  ["agent", "agent"],
  [null, "strip"],
  ["lowest", "lowest"],
  ["points", "points"],
  ["duration", "duration"],
  [null, "complaints"],
  [null, "review"],
];

/** Draws the overview into `node` and keeps it up to date. */
export class Overview {
  table;
  #node;
  #batch;
  #selection;
  #head = el("div", { class: "head" });
  #none = el("p", { class: "none" });
  #parts;
  #tab = "calls";

  constructor(node, { batch, selection, review }) {
    this.#node = node;
    this.#batch = batch;
    this.#selection = selection;
    this.table = new CallTable(batch, selection, review);
    this.#parts = {
      summary: new Summary(batch, selection, review),
      filters: new FilterBar(batch, selection),
      terms: new TermsPanel(batch, selection),
      calendar: new CalendarPanel(batch, selection),
    };
    this.#build();
    this.update(true);
  }

  /** Draws what depends on the selection and the review. */
  update(fromTop) {
    for (const part of Object.values(this.#parts)) part.draw();
    this.#drawHead();
    const { shown } = this.#selection;
    this.#none.hidden = shown.length > 0;
    this.#none.textContent = t(this.#batch.rows.length === 0 ? "empty" : "none");
    this.table.redraw(fromTop);
  }

  #build() {
    const { summary, filters, terms, calendar } = this.#parts;
    const tabs = el("nav", { class: "tabs" });
    const show = (tab) => {
      this.#tab = tab;
      this.#node.dataset.tab = tab;
      const entries = ["calls", "terms"].map((name) =>
        button(t(`tab.${name}`), () => show(name), { "aria-pressed": String(name === this.#tab) }),
      );
      refill(tabs, entries);
    };
    const agents = this.#batch.rows.some((row) => row.agent !== null);
    this.#node.classList.toggle("without-agents", !agents);
    refill(
      this.#node,
      summary.node,
      tabs,
      el(
        "section",
        { class: "calls", "aria-label": t("calls") },
        filters.node,
        el("div", { class: "table" }, this.#head, this.table.node, this.#none),
        legend(),
      ),
      el("aside", { class: "side", "aria-label": t("terms") }, terms.node, calendar.node),
    );
    show(this.#tab);
  }

  #drawHead() {
    const { order, reversed, shown } = this.#selection;
    const cells = SORTED.map(([sorted, name]) => {
      const label = t(`column.${name}`);
      if (!sorted) return el("span", { class: `to-${name}` }, label);
      const chosen = order === sorted;
      const arrow = chosen ? el("i", { class: reversed ? "arrow up" : "arrow" }) : null;
      return button([label, arrow], () => this.#selection.sort(sorted), {
        class: `sort to-${name}`,
        title: t(`sort.${sorted}`),
        "aria-pressed": String(chosen),
      });
    });
    const mean = meanCells(shown, this.#batch.bins);
    const known = mean.filter((value) => value !== null);
    const low = known.length > 0 ? Math.min(...known) : null;
    refill(
      this.#head,
      el("div", { class: "row names" }, cells),
      el(
        "div",
        { class: "row mean" },
        el("span", {}, t("mean")),
        el("span", { class: "id" }, t("meanOf", { n: shown.length })),
        el("span", { class: "agent" }),
        strip(mean, this.#batch.bins),
        el("span", { class: "number lowest" }, signed(low)),
      ),
    );
  }
}
