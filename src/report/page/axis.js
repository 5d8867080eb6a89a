// The horizontal axis of a call: time where the input has times, else turns.

/** Places turns and bins of a call between 0 and 1. */
export class Axis {
  timed;
  bins;
  #turns;
  #length;

  constructor(call, bins) {
    this.#turns = call.turns ?? [];
    this.bins = bins;
    const times = this.#turns.every((turn) => typeof turn.start_ms === "number");
    this.timed = times && this.#turns.length > 0 && (call.duration_ms ?? 0) > 0;
    this.#length = this.timed ? call.duration_ms : Math.max(1, this.#turns.length);
  }

  /** Where a turn begins and ends. */
  extent(index) {
    const turn = this.#turns[index];
    if (!turn) return [0, 0];
    if (!this.timed) return [index / this.#length, (index + 1) / this.#length];
    return [this.at(turn.start_ms), this.at(turn.end_ms ?? turn.start_ms)];
  }

  /** The middle of a turn. */
  middle(index) {
    const [from, to] = this.extent(index);
    return (from + to) / 2;
  }

  /** Where a time of the call is; only on an axis with times. */
  at(ms) {
    return Math.min(1, Math.max(0, ms / this.#length));
  }

  /** The place (0 … 1) as milliseconds, or as the number of a turn from 1. */
  value(place) {
    if (this.timed) return place * this.#length;
    return Math.min(this.#length, Math.floor(place * this.#length) + 1);
  }

  /** Evenly spaced places for labels: about `most` of them, at round values. */
  ticks(most) {
    const units = this.timed
      ? [5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 12e5, 18e5, 36e5, 72e5]
      : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
    const step = units.find((unit) => this.#length / unit <= most) ?? this.#length;
    const ticks = [];
    for (let value = 0; value <= this.#length; value += step) {
      ticks.push({ place: value / this.#length, value });
    }
    return ticks;
  }

  /** The turn nearest to a place, of one speaker or of any. */
  nearest(place, speaker = null) {
    let best = null;
    let distance = Infinity;
    this.#turns.forEach((turn, index) => {
      if (speaker !== null && turn.speaker !== speaker) return;
      const [from, to] = this.extent(index);
      const away = Math.max(from - place, place - to, 0);
      if (away < distance) [best, distance] = [index, away];
    });
    return best;
  }

  /** The first turn of a speaker that begins in a bin, else the nearest to it. */
  turnOfBin(bin, speaker) {
    const [from, to] = [bin / this.bins, (bin + 1) / this.bins];
    const first = this.#turns.findIndex((turn, index) => {
      const [start] = this.extent(index);
      return turn.speaker === speaker && start >= from && start < to;
    });
    return first >= 0 ? first : this.nearest((from + to) / 2, speaker);
  }
}
