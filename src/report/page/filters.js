// The filters of the overview, and what is chosen.

import { button, el, foreign, refill, select } from "./dom.js";
import { ORDERS, Selection } from "./selection.js";
import { levelClass } from "./table.js";
import { count, nameOf, namesOf, t } from "./text.js";

/** The bar of filters over the heatmap. */
export class FilterBar {
  node = el("section", { class: "filters", "aria-label": t("filters") });
  #batch;
  #selection;
  #open = false;

  constructor(batch, selection) {
    this.#batch = batch;
    this.#selection = selection;
  }

  /** Draws the bar with what is chosen now. */
  draw() {
    const focused = this.node.contains(document.activeElement)
      ? document.activeElement.dataset.name
      : null;
    refill(
      this.node,
      button(t("filters"), () => this.#toggleOpen(), {
        class: "quiet toggle",
        data: { name: "toggle" },
        "aria-expanded": String(this.#open),
      }),
      el(
        "div",
        { class: this.#open ? "groups open" : "groups" },
        this.#levels(),
        this.#categories(),
        this.#field("agent", t("anyAgent")),
        this.#field("queue", t("anyQueue")),
        this.#review(),
        this.#order(),
      ),
      this.#status(),
    );
    if (focused) this.node.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  #toggleOpen() {
    this.#open = !this.#open;
    this.draw();
  }

  #levels() {
    const levels = Selection.levels(this.#batch.rows);
    return this.#chips("levels", t("level"), levels, (level) => nameOf("level", level));
  }

  #categories() {
    const counts = new Map();
    for (const row of this.#batch.rows) {
      for (const category of row.categories) {
        counts.set(category, (counts.get(category) ?? 0) + 1);
      }
    }
    const known = namesOf("category").filter((category) => counts.has(category));
    const others = [...counts.keys()].filter((category) => !known.includes(category));
    const ordered = new Map([...known, ...others].map((name) => [name, counts.get(name)]));
    return this.#chips("categories", t("category"), ordered, (name) => nameOf("category", name));
  }

  #chips(name, label, counts, nameOfValue) {
    const chosen = this.#selection.filters[name];
    const chips = [...counts].map(([value, n]) =>
      button(
        [foreign(nameOfValue(value)), el("small", {}, count(n))],
        () => this.#selection.toggle(name, value),
        {
          class: `chip ${name === "levels" ? levelClass(value) : ""}`,
          "aria-pressed": String(chosen.has(value)),
          data: { name: `${name}/${value}` },
        },
      ),
    );
    if (chips.length === 0) return null;
    return el("div", { class: "chips", role: "group", "aria-label": label }, chips);
  }

  #field(name, any) {
    const values = new Set(this.#batch.rows.map((row) => row[name]).filter((v) => v !== null));
    if (values.size < 2) return null;
    const sorted = [...values].sort((a, b) => a.localeCompare(b, "zh", { numeric: true }));
    const entries = [["", any], ...sorted.map((value) => [value, value])];
    const chosen = this.#selection.filters[name];
    return select(entries, chosen, (value) => this.#selection.filter({ [name]: value }), {
      "aria-label": t(name),
      data: { name, active: chosen ? "" : null },
    });
  }

  #review() {
    const entries = ["none", "partly", "done", "changed"].map((v) => [v, t(`review.${v}`)]);
    const chosen = this.#selection.filters.review;
    return select(
      [["", t("anyReview")], ...entries],
      chosen,
      (review) => this.#selection.filter({ review }),
      { "aria-label": t("review"), data: { name: "review", active: chosen ? "" : null } },
    );
  }

  #order() {
    const entries = Object.keys(ORDERS).map((order) => [order, t(`sort.${order}`)]);
    const choose = (order) => this.#selection.sort(order, false);
    return el(
      "label",
      { class: "order" },
      el("span", {}, t("sort")),
      select(entries, this.#selection.order, choose, { data: { name: "order" } }),
    );
  }

  #status() {
    const { shown, filters, filtered, progress } = this.#selection;
    const pill = (name, text) =>
      button([foreign(text), " ×"], () => this.#selection.filter({ [name]: null }), {
        class: "chip chosen",
        data: { name: `pill/${name}` },
      });
    return el(
      "p",
      { class: "status" },
      el("span", { role: "status" }, t("shown", { n: shown.length, all: this.#batch.rows.length })),
      filters.term && pill("term", `${t("term")}：${filters.term.term}`),
      filters.time && pill("time", `${t("time")}：${filters.time.label}`),
      progress && el("span", { class: "progress" }, searching(progress)),
      filtered &&
        button(t("clear"), () => this.#selection.clear(), {
          class: "quiet",
          data: { name: "clear" },
        }),
    );
  }
}

function searching([done, all]) {
  return t("searching", { done, all });
}
