// Full-text search: transcripts are decoded block by block when first asked for,
// and only their folded text is kept.

/** Folds what a reader would call the same text: width, case. */
export function fold(text) {
  return text.normalize("NFKC").toLowerCase();
}

/** The words of a query; all of them must be found. */
export function wordsOf(query) {
  return fold(query).split(/\s+/u).filter(Boolean);
}

/** Searches the transcripts of a batch. */
export class TranscriptSearch {
  #batch;
  #texts = new Map();
  #loaded = 0;
  #loading = null;

  constructor(batch) {
    this.#batch = batch;
  }

  /** Whether every transcript has been read. */
  get complete() {
    return this.#loaded === this.#batch.blocks.length;
  }

  /** The folded text of a call, once it has been read. */
  textOf(position) {
    return this.#texts.get(position) ?? "";
  }

  /** Reads what has not been read; tells `progress(done, all)` after each block. */
  async load(progress) {
    this.#loading ??= this.#read(progress);
    await this.#loading;
  }

  async #read(progress) {
    const { blocks } = this.#batch;
    for (const [block, positions] of blocks.entries()) {
      const calls = await this.#batch.callsOfBlock(block);
      calls.forEach((call, i) => {
        const turns = (call.turns ?? []).map((turn) => turn.text);
        this.#texts.set(positions[i], fold(turns.join("\n")));
      });
      this.#loaded = block + 1;
      progress(this.#loaded, blocks.length);
    }
  }
}
