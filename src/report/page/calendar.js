// When complaints come: hours or days against categories, when calls have times.

import { button, el, refill } from "./dom.js";
import { nameOf, namesOf, t } from "./text.js";

const MOST_DAYS = 31;
const STEPS = 6;

/** Date and hour of a start time as it was written, in its own time zone. */
function timeOf(started) {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}))?/.exec(started ?? "");
  return match ? { day: match[1], hour: match[2] === undefined ? null : Number(match[2]) } : null;
}

/** The panel of complaints over time. */
export class CalendarPanel {
  node = el("section", { class: "panel calendar" });
  #rows;
  #selection;
  #unit = "hour";

  constructor(batch, selection) {
    this.#rows = batch.rows.flatMap((row) => {
      const parts = timeOf(row.started);
      return parts ? [{ ...parts, categories: row.categories }] : [];
    });
    if (!this.#rows.some((row) => row.hour !== null)) this.#unit = "day";
    this.#selection = selection;
  }

  /** Draws the cells; without times the panel stays hidden. */
  draw() {
    this.node.hidden = this.#rows.length === 0;
    if (this.node.hidden) return;
    const columns = this.#columns();
    const counts = this.#counts();
    const most = Math.max(1, ...counts.values());
    const categories = namesOf("category").filter((category) =>
      columns.some((column) => counts.has(`${column}/${category}`)),
    );
    const units = ["hour", "day"].map((unit) =>
      button(t(unit === "hour" ? "byHour" : "byDay"), () => this.#setUnit(unit), {
        "aria-pressed": String(unit === this.#unit),
      }),
    );
    refill(
      this.node,
      el("h2", {}, t("calendar"), el("span", { class: "segmented" }, units)),
      el(
        "table",
        {},
        el(
          "tbody",
          {},
          categories.map((category) => this.#line(category, columns, counts, most)),
        ),
        el("tfoot", {}, this.#axis(columns)),
      ),
    );
  }

  #setUnit(unit) {
    this.#unit = unit;
    this.draw();
  }

  #columns() {
    if (this.#unit === "hour") return Array.from({ length: 24 }, (_, hour) => hour);
    const days = [...new Set(this.#rows.map((row) => row.day))].sort();
    return days.slice(-MOST_DAYS);
  }

  #counts() {
    const counts = new Map();
    for (const row of this.#rows) {
      for (const category of row.categories) {
        const key = `${row[this.#unit]}/${category}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return counts;
  }

  #line(category, columns, counts, most) {
    const cells = columns.map((column) => {
      const n = counts.get(`${column}/${category}`) ?? 0;
      if (n === 0) return el("td", {}, el("i", { class: "s0" }));
      const label = t("calendarCell", {
        when: this.#label(column),
        category: nameOf("category", category),
        n,
      });
      const chosen = this.#selection.filters.time?.key === `${column}/${category}`;
      const step = Math.ceil((n / most) * STEPS);
      return el(
        "td",
        {},
        button("", () => this.#choose(column, category, chosen), {
          class: `s${step}`,
          title: label,
          "aria-label": label,
          "aria-pressed": String(chosen),
        }),
      );
    });
    return el("tr", {}, el("th", { scope: "row" }, nameOf("category", category)), cells);
  }

  #label(column) {
    return this.#unit === "hour" ? t("hour", { n: String(column) }) : String(column);
  }

  #axis(columns) {
    const every = Math.max(1, Math.ceil(columns.length / 5));
    const labels = columns.map((column, i) => {
      const text = this.#unit === "hour" ? String(column) : column.slice(5).replace("-", "/");
      return el("td", {}, i % every === 0 ? el("span", {}, text) : null);
    });
    return el("tr", {}, el("th", {}), labels);
  }

  #choose(column, category, chosen) {
    if (chosen) {
      this.#selection.filter({ time: null });
      return;
    }
    const unit = this.#unit;
    const matches = (row) => row.categories.has(category) && timeOf(row.started)?.[unit] === column;
    const label = `${this.#label(column)} · ${nameOf("category", category)}`;
    this.#selection.filter({ time: { key: `${column}/${category}`, label, matches } });
  }
}
