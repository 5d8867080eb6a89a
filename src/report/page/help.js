// The keys, and what the page is.

import { button, el, foreign, refill } from "./dom.js";
import { t } from "./text.js";

const KEYS = [
  [["j", "k"], "next"],
  [["n", "p"], "points"],
  [[".", ","], "findings"],
  [["a", "x", "c"], "verdict"],
  [["Enter"], "open"],
  [["r"], "recording"],
  [["Esc"], "back"],
  [["/"], "search"],
  [["?"], "help"],
];

/** Opens the help, or closes it. */
export function toggleHelp(dialog, heatmap) {
  if (dialog.open) {
    dialog.close();
    return;
  }
  const { generator, model } = heatmap;
  const facts = [
    [t("generator"), generator && `${generator.name} ${generator.version}`],
    [t("model"), model && [model.name, model.runtime].filter(Boolean).join(" · ")],
  ].filter(([, value]) => value);
  refill(
    dialog,
    el("h2", {}, t("help")),
    el(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, name]) => [
        el(
          "dt",
          {},
          keys.map((key) => el("kbd", {}, key)),
        ),
        el("dd", {}, t(`key.${name}`)),
      ]),
    ),
    el("h2", {}, t("about")),
    el("p", {}, t("aboutText")),
    el(
      "dl",
      {},
      facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, foreign(value))]),
    ),
    button(t("close"), () => dialog.close()),
  );
  dialog.showModal();
}
