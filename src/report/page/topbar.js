// The bar over both views: search, and what becomes of the review.

import { button, el, refill } from "./dom.js";
import { finding } from "./findings.js";
import { t } from "./text.js";

const SEARCH_DELAY = 200;

/** Draws the bar. */
export function drawTopbar(node, app) {
  refill(
    node,
    el("a", { class: "brand", href: "#" }, el("b", {}, "callheat"), el("span", {}, t("title"))),
    searchField(app),
    el(
      "div",
      { class: "tools" },
      button(t("export"), () => exportReview(app), { class: "export", title: t("exportTitle") }),
      importField(app),
      button(t("other"), () => app.changeLanguage(), { class: "quiet language" }),
      button("?", () => app.help(), {
        class: "quiet",
        title: `${t("help")} (?)`,
        "aria-label": t("help"),
      }),
    ),
  );
}

function searchField(app) {
  let timer = 0;
  const search = (event) => {
    clearTimeout(timer);
    const text = event.target.value;
    timer = setTimeout(() => app.searchFor(text), SEARCH_DELAY);
  };
  return el("input", {
    type: "search",
    id: "search",
    placeholder: t("search"),
    "aria-label": t("search"),
    value: app.selection.filters.text,
    autocomplete: "off",
    spellcheck: "false",
    on: { input: search },
  });
}

/** A file for the browser to save; its address lives only as long as needed. */
function exportReview(app) {
  const { text, count } = app.review.export(app.batch.rows);
  if (count === 0) {
    app.notify(t("nothingToExport"));
    return;
  }
  const address = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  const name = `callheat-review-${app.batch.name.slice(0, 8)}.jsonl`;
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  app.notify(t("exported", { n: count }));
}

function importField(app) {
  const input = el("input", { type: "file", accept: ".jsonl,.ndjson,.json", hidden: true });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    const known = new Set(app.batch.rows.map((row) => row.id));
    const { taken, bad, other } = app.review.import(await file.text(), known, finding);
    const parts = [t("imported", { n: taken })];
    if (bad.length > 0) {
      parts.push(t("importErrors", { n: bad.length, lines: bad.slice(0, 10).join(", ") }));
    }
    if (other > 0) parts.push(t("importOther", { n: other }));
    app.notify(parts.join(" · "));
  });
  return [
    button(t("import"), () => input.click(), { class: "import", title: t("importTitle") }),
    input,
  ];
}
