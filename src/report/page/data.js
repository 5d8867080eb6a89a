// The data in the page: blocks of JSON, deflated, in base64 (see html.rs), decoded
// where the reviewer looks.

/** How many decoded call blocks are kept. */
const KEPT_BLOCKS = 12;

async function decode(element) {
  const text = atob(element.textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(inflated).json();
}

function blocksOf(kind) {
  return [...document.querySelectorAll(`script[data-block="${kind}"]`)];
}

/** Reads what the overview needs: the batch and a row for every call. */
export async function openBatch() {
  const [batch, ...columns] = await Promise.all([
    decode(blocksOf("batch")[0]),
    ...blocksOf("overview").map(decode),
  ]);
  const rows = columns.flatMap(rowsOf);
  const elements = blocksOf("calls");
  const places = new Map();
  batch.blocks.forEach((positions, block) => {
    positions.forEach((position, place) => places.set(position, { block, place }));
  });
  for (const row of rows) row.detailed = places.has(row.position);
  return {
    name: batch.batch,
    detailed: batch.detailed,
    heatmap: batch.heatmap,
    bins: batch.heatmap.bins ?? rows.reduce((most, row) => Math.max(most, row.cells.length), 1),
    rows,
    blocks: batch.blocks,
    call: callReader(elements, places),
    callsOfBlock: (block) => decode(elements[block]),
  };
}

/** Reads calls by their position; decoded blocks are kept for a while. */
function callReader(elements, places) {
  const kept = new Map();
  return async (position) => {
    const at = places.get(position);
    if (!at) return null;
    const block = kept.get(at.block) ?? decode(elements[at.block]);
    kept.delete(at.block);
    kept.set(at.block, block);
    if (kept.size > KEPT_BLOCKS) kept.delete(kept.keys().next().value);
    return (await block)[at.place];
  };
}

function rowsOf(columns) {
  return columns.id.map((id, i) => {
    const terms = pairs(columns.counts[i]).map(([index, times]) => {
      const [term, category] = columns.terms[index];
      return { term, category, times };
    });
    return {
      position: columns.first + i,
      id,
      agent: columns.agent[i],
      queue: columns.queue[i],
      started: columns.started[i],
      duration: columns.duration[i],
      turns: columns.turns[i],
      risk: columns.risk[i],
      level: columns.level[i],
      lowest: columns.lowest[i] / 100,
      points: columns.points[i],
      signals: columns.signals[i],
      terms,
      categories: new Set(terms.map((term) => term.category)),
      cells: columns.cells[i].map((cell) => (cell === null ? null : cell / 100)),
      complaints: new Map(pairs(columns.complaints[i])),
    };
  });
}

function pairs(list) {
  const result = [];
  for (let i = 0; i + 1 < list.length; i += 2) result.push([list[i], list[i + 1]]);
  return result;
}
