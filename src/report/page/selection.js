// Which calls the overview shows, and in which order.

import { TranscriptSearch, fold, wordsOf } from "./search.js";

/** How often the list is drawn anew while transcripts are read. */
const PROGRESS_MS = 400;
const RANK = { high: 0, medium: 1, low: 2 };

/** Orders: each compares two rows, the worst first. */
export const ORDERS = {
  risk: (a, b) => b.risk - a.risk || a.lowest - b.lowest,
  lowest: (a, b) => a.lowest - b.lowest || b.risk - a.risk,
  points: (a, b) => b.points - a.points || b.risk - a.risk,
  duration: (a, b) => (b.duration ?? b.turns) - (a.duration ?? a.turns),
  agent: (a, b) => (a.agent ?? "\uffff").localeCompare(b.agent ?? "\uffff") || b.risk - a.risk,
  order: () => 0,
};

/** No filter at all. */
export function noFilters() {
  return {
    levels: new Set(),
    categories: new Set(),
    agent: "",
    queue: "",
    review: "",
    term: null,
    time: null,
    text: "",
  };
}

/** The calls chosen by the filters, in the chosen order; tells its listeners. */
export class Selection {
  filters = noFilters();
  order = "risk";
  reversed = false;
  shown = [];
  /** `[done, all]` blocks while transcripts are read for a search. */
  progress = null;
  #batch;
  #review;
  #search;
  #listeners = [];

  constructor(batch, review) {
    this.#batch = batch;
    this.#review = review;
    this.#search = new TranscriptSearch(batch);
    this.update();
  }

  /** Calls `listener(fromTop)` after every change. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Changes filters (all of `changes`) and updates. */
  filter(changes) {
    Object.assign(this.filters, changes);
    this.update();
    if (this.#needsTranscripts() && !this.#search.complete) void this.#readTranscripts();
  }

  /** Puts `value` into the set of a filter, or takes it out. */
  toggle(name, value) {
    const set = new Set(this.filters[name]);
    if (!set.delete(value)) set.add(value);
    this.filter({ [name]: set });
  }

  /** Takes every filter away. */
  clear() {
    this.filter(noFilters());
  }

  /** Whether any filter is set. */
  get filtered() {
    const { levels, categories, agent, queue, review, term, time, text } = this.filters;
    return Boolean(
      levels.size || categories.size || agent || queue || review || term || time || text,
    );
  }

  /** Sorts by `order`; the same again turns it round. */
  sort(order, reversed = this.order === order && !this.reversed) {
    this.order = order;
    this.reversed = reversed;
    this.update();
  }

  /** Chooses and orders anew; the list goes back to its top unless told not to. */
  update(fromTop = true) {
    const words = wordsOf(this.filters.text);
    const compare = ORDERS[this.order];
    const sign = this.reversed ? -1 : 1;
    this.shown = this.#batch.rows
      .filter((row) => this.#matches(row, words))
      .sort((a, b) => sign * (compare(a, b) || a.position - b.position));
    for (const listener of this.#listeners) listener(fromTop);
  }

  /** The call `step` places after `position`, if there is one. */
  neighbour(position, step) {
    const at = this.shown.findIndex((row) => row.position === position);
    for (let i = at + step; at >= 0 && i >= 0 && i < this.shown.length; i += step) {
      if (this.shown[i].detailed) return this.shown[i];
    }
    return null;
  }

  /** How many calls have each level, in the order of the levels. */
  static levels(rows) {
    const counts = new Map(Object.keys(RANK).map((level) => [level, 0]));
    for (const row of rows) counts.set(row.level, (counts.get(row.level) ?? 0) + 1);
    return counts;
  }

  #matches(row, words) {
    const { levels, categories, agent, queue, review, term, time } = this.filters;
    if (levels.size && !levels.has(row.level)) return false;
    if (categories.size && ![...categories].some((name) => row.categories.has(name))) return false;
    if (agent && row.agent !== agent) return false;
    if (queue && row.queue !== queue) return false;
    if (review && !this.#review.stateOf(row.id).has(review)) return false;
    if (time && !time.matches(row)) return false;
    if (term && !this.#hasTerm(row, term)) return false;
    return words.length === 0 || this.#hasWords(row, words);
  }

  /** A phrase discovered in the batch is not listed by its calls: read the text. */
  #hasTerm(row, term) {
    const names = [term.term, ...(term.forms ?? [])];
    if (row.terms.some((entry) => names.includes(entry.term))) return true;
    return term.discovered && this.#search.textOf(row.position).includes(fold(term.term));
  }

  #hasWords(row, words) {
    row.folded ??= fold(
      [row.id, row.agent, row.queue, ...row.terms.map((entry) => entry.term)].join("\n"),
    );
    const text = this.#search.textOf(row.position);
    return words.every((word) => row.folded.includes(word) || text.includes(word));
  }

  #needsTranscripts() {
    return this.filters.text.trim() !== "" || Boolean(this.filters.term?.discovered);
  }

  async #readTranscripts() {
    let last = performance.now();
    await this.#search.load((done, all) => {
      this.progress = done < all ? [done, all] : null;
      if (done < all && performance.now() - last < PROGRESS_MS) return;
      last = performance.now();
      this.update();
    });
  }
}
