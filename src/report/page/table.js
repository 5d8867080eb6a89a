// The heatmap of all calls: one row a call, of which only those in sight exist.

import { el, foreign } from "./dom.js";
import { heat } from "./heat.js";
import { clock, count, nameOf, signed, t } from "./text.js";

/** Browsers draw no element much higher than this. */
const HIGHEST = 8_000_000;
const SPARE_ROWS = 6;

/** A list of rows that scrolls within its own box. */
export class CallTable {
  node;
  /** Position of the row that the keyboard has chosen. */
  current = null;
  #batch;
  #selection;
  #review;
  #space = el("div", { class: "space" });
  #drawn = new Map();
  #rowHeight = 32;

  constructor(batch, selection, review) {
    this.#batch = batch;
    this.#selection = selection;
    this.#review = review;
    this.node = el("div", { class: "rows", role: "list", "aria-label": t("calls") }, this.#space);
    this.node.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(this.node);
  }

  /** Draws the rows anew, from the top when the selection has changed. */
  redraw(fromTop) {
    if (fromTop) this.node.scrollTop = 0;
    this.#clear();
    this.#measure();
  }

  /** Moves the chosen row by `step`, and shows it. */
  move(step) {
    const rows = this.#selection.shown;
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => row.position === this.current);
    const next = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step));
    this.choose(rows[next].position);
  }

  /** Chooses a row, brings it into sight and gives it the focus. */
  choose(position) {
    this.current = position;
    const at = this.#selection.shown.findIndex((row) => row.position === position);
    if (at < 0) return;
    const top = this.#topOf(at);
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop || top + this.#rowHeight > scrollTop + clientHeight) {
      this.node.scrollTop = top - clientHeight / 2;
    }
    this.redraw(false);
    this.#drawn.get(at)?.querySelector("a")?.focus({ preventScroll: true });
  }

  #measure() {
    const height = parseFloat(getComputedStyle(this.node).getPropertyValue("--row"));
    if (height && height !== this.#rowHeight) {
      this.#rowHeight = height;
      this.#clear();
    }
    const total = this.#selection.shown.length * this.#rowHeight;
    this.#space.style.height = `${Math.min(total, HIGHEST)}px`;
    this.#draw();
  }

  #clear() {
    for (const node of this.#drawn.values()) node.remove();
    this.#drawn.clear();
  }

  /** Offset of a row. In a list too high to draw, rows are taken in proportion. */
  #topOf(index) {
    const rows = this.#selection.shown.length;
    const total = rows * this.#rowHeight;
    if (total <= HIGHEST) return index * this.#rowHeight;
    return (index / rows) * (HIGHEST - this.node.clientHeight);
  }

  #draw() {
    const rows = this.#selection.shown;
    const { scrollTop, clientHeight } = this.node;
    const squeezed = rows.length * this.#rowHeight > HIGHEST;
    const inSight = Math.ceil(clientHeight / this.#rowHeight);
    const share = scrollTop / Math.max(1, HIGHEST - clientHeight);
    const first = squeezed
      ? Math.min(rows.length - inSight, Math.floor(share * rows.length))
      : Math.floor(scrollTop / this.#rowHeight);
    const from = Math.max(0, first - (squeezed ? 0 : SPARE_ROWS));
    const to = Math.min(rows.length, first + inSight + SPARE_ROWS);
    for (const [index, node] of this.#drawn) {
      if (squeezed || index < from || index >= to) {
        node.remove();
        this.#drawn.delete(index);
      }
    }
    for (let index = from; index < to; index += 1) {
      if (this.#drawn.has(index)) continue;
      const node = this.#row(rows[index], index);
      const top = squeezed ? scrollTop + (index - first) * this.#rowHeight : this.#topOf(index);
      node.style.transform = `translateY(${top}px)`;
      this.#drawn.set(index, node);
      this.#space.append(node);
    }
  }

  #row(row, index) {
    const parts = [
      risk(row),
      el("span", { class: "id" }, foreign(row.id)),
      el("span", { class: "agent" }, row.agent === null ? "" : foreign(row.agent)),
      strip(row.cells, this.#batch.bins, row.complaints),
      el("span", { class: "number lowest" }, signed(row.lowest)),
      el(
        "span",
        { class: "number", data: { name: t("column.points") } },
        row.points === 0 ? "·" : row.points,
      ),
      el("span", { class: "number" }, row.duration === null ? turnsOf(row) : clock(row.duration)),
      el("span", { class: "complaints" }, categoryNames(row)),
      reviewMark(this.#review.stateOf(row.id)),
    ];
    const props = {
      class: "row",
      data: { position: row.position },
      "aria-label": describe(row),
      title: row.detailed ? null : t("notDetailed", { n: this.#batch.detailed }),
    };
    const current = row.position === this.current ? "true" : null;
    const link = row.detailed
      ? el("a", { ...props, href: `#call=${row.position}`, "aria-current": current }, parts)
      : el("span", { ...props, class: "row closed", tabindex: 0 }, parts);
    const place = { "aria-setsize": this.#selection.shown.length, "aria-posinset": index + 1 };
    return el("div", { class: "item", role: "listitem", ...place }, link);
  }
}

/** An empty strip to copy, by number of bins: copies are much cheaper to make. */
const blankStrips = new Map();

function blankStrip(bins) {
  const cells = () => Array.from({ length: bins }, (_, bin) => el("i", { data: { bin } }));
  if (!blankStrips.has(bins)) {
    blankStrips.set(bins, el("span", { class: "strip", "aria-hidden": "true" }, cells()));
  }
  return blankStrips.get(bins).cloneNode(true);
}

/** The cells of one call, or of a mean of calls. */
export function strip(cells, bins, complaints = new Map()) {
  const node = blankStrip(bins);
  let cell = node.firstChild;
  for (let bin = 0; bin < bins; bin += 1, cell = cell.nextSibling) {
    cell.className = complaints.has(bin) ? `${heat(cells[bin])} dotted` : heat(cells[bin]);
  }
  return node;
}

/** The badge of a risk level, with the risk. */
export function risk(row) {
  return el(
    "span",
    { class: `risk ${levelClass(row.level)}` },
    el("b", {}, nameOf("level", row.level)),
    el("span", {}, row.risk.toFixed(2)),
  );
}

/** The class of a level; an unknown one has none. */
export function levelClass(level) {
  return ["high", "medium", "low"].includes(level) ? level : "";
}

function categoryNames(row) {
  const names = [...row.categories].map((category) => nameOf("category", category));
  return foreign(names.join(" · "), { title: names.join(" · ") });
}

function turnsOf(row) {
  return t("turnsUnit", { n: row.turns });
}

function reviewMark(state) {
  const kind = ["done", "partly"].find((name) => state.has(name));
  if (!kind) return el("span", { class: "mark" });
  const changed = state.has("changed") ? " changed" : "";
  return el("span", { class: `mark ${kind}${changed}`, title: t(`review.${kind}`) });
}

function describe(row) {
  return [
    `${t("column.call")} ${row.id}`,
    `${t("column.risk")} ${nameOf("level", row.level)} ${row.risk.toFixed(2)}`,
    `${t("lowestAt")} ${signed(row.lowest)}`,
    `${t("sort.points")} ${count(row.points)}`,
  ].join(", ");
}
