// The batch in figures, above the heatmap.

import { button, el, foreign, refill } from "./dom.js";
import { Selection } from "./selection.js";
import { levelClass } from "./table.js";
import { count, nameOf, percent, signed, t } from "./text.js";

/** The strip of figures; levels filter on a click. */
export class Summary {
  node = el("section", { class: "summary" });
  #batch;
  #selection;
  #review;

  constructor(batch, selection, review) {
    this.#batch = batch;
    this.#selection = selection;
    this.#review = review;
  }

  /** Draws the figures; those of the review change with it. */
  draw() {
    const { rows, heatmap } = this.#batch;
    const turns = rows.reduce((sum, row) => sum + row.turns, 0);
    const points = rows.filter((row) => row.points > 0).length;
    const done = this.#review.doneAmong(rows);
    refill(
      this.node,
      el(
        "dl",
        { class: "figures" },
        figure(t("calls"), count(rows.length)),
        figure(t("turns"), count(turns)),
        this.#distribution(),
        figure(t("withPoints"), count(points), rows.length > 0 && percent(points / rows.length)),
        figure(t("meanValence"), signed(meanOf(heatmap.heatmap?.customer, rows))),
        figure(t("reviewed"), count(done), `/ ${count(rows.length)}`),
      ),
      this.#remarks(),
    );
  }

  #distribution() {
    const levels = Selection.levels(this.#batch.rows);
    const all = Math.max(1, this.#batch.rows.length);
    const parts = [...levels].map(([level, n]) => {
      const chosen = this.#selection.filters.levels.has(level);
      const part = button(
        [el("b", {}, nameOf("level", level)), ` ${count(n)}`],
        () => this.#selection.toggle("levels", level),
        {
          class: `part ${levelClass(level)}`,
          "aria-pressed": String(chosen),
          title: `${nameOf("level", level)} ${count(n)} (${percent(n / all)})`,
        },
      );
      part.style.flexGrow = String(n / all);
      return part;
    });
    return el(
      "div",
      { class: "distribution" },
      el("dt", {}, t("distribution")),
      el("dd", {}, parts),
    );
  }

  /** What did not get in, and what cannot be opened. */
  #remarks() {
    const { rows, heatmap, detailed } = this.#batch;
    const failures = heatmap.failures ?? [];
    const remarks = [];
    if (detailed < rows.length) {
      const text = t("worstOnly", { calls: rows.length, detailed });
      remarks.push(el("p", { class: "remark" }, text));
    }
    const failed = Math.max(failures.length, heatmap.summary?.failed ?? 0);
    if (failed > 0) {
      const lines = failures.map(({ path, line, reason }) =>
        el("li", {}, foreign(path + (line ? `:${line}` : "")), " ", foreign(reason)),
      );
      const title = el("summary", {}, t("failures", { n: failed }));
      remarks.push(el("details", { class: "remark" }, title, el("ul", {}, lines)));
    }
    return remarks;
  }
}

function figure(name, value, of = null) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value, of && el("small", {}, of)));
}

/** The batch's own mean by bin where it has one, else the rows'. */
function meanOf(bins, rows) {
  const values = (bins ?? []).filter((value) => typeof value === "number");
  const cells = values.length > 0 ? values : meanCells(rows, 1000).filter((v) => v !== null);
  return cells.length === 0 ? null : cells.reduce((sum, v) => sum + v, 0) / cells.length;
}

/** Mean valence of rows by bin; null in a bin in which nobody spoke. */
export function meanCells(rows, bins) {
  const sums = Array.from({ length: bins }, () => [0, 0]);
  for (const row of rows) {
    const end = Math.min(bins, row.cells.length);
    for (let bin = 0; bin < end; bin += 1) {
      if (row.cells[bin] === null) continue;
      sums[bin][0] += row.cells[bin];
      sums[bin][1] += 1;
    }
  }
  return sums.map(([sum, n]) => (n === 0 ? null : sum / n));
}
