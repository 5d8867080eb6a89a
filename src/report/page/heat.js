// Valence as colour: 21 steps from the strongest negative (0) over neutral (10)
// to the strongest positive (20), as classes h0 … h20 that the style sheet colours.

import { el } from "./dom.js";
import { t } from "./text.js";

/** The class of a valence; cells without one are hatched. */
export function heat(valence) {
  if (typeof valence !== "number" || Number.isNaN(valence)) return "hatched";
  const step = Math.round((Math.min(1, Math.max(-1, valence)) + 1) * 10);
  return `h${step}`;
}

/** The scale with its ends named, the hatching and the complaint dot. */
export function legend() {
  const steps = Array.from({ length: 21 }, (_, step) => el("i", { class: `h${step}` }));
  return el(
    "div",
    { class: "legend", role: "img", "aria-label": t("legend") },
    el("span", {}, `${t("legend.negative")} −1`),
    el("span", { class: "scale" }, steps),
    el("span", {}, `+1 ${t("legend.positive")}`),
    el("span", { class: "key" }, el("i", { class: "cell hatched" }), t("legend.empty")),
    el("span", { class: "key" }, el("i", { class: "cell h5 dotted" }), t("legend.dot")),
  );
}
