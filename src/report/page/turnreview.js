// The review of a single turn, opened under it: its label, and what was missed.

import { button, el, select } from "./dom.js";
import { CHOICES, turnFinding } from "./findings.js";
import { labelOf } from "./reviewpane.js";
import { t } from "./text.js";

/** The panel for turn `index`; `addMissed(parts)` adds a missed finding. */
export function turnReview(call, index, review, addMissed) {
  const panel = el("div", { class: "turn-review", role: "group", "aria-label": t("relabel") });
  const draw = () => {
    panel.replaceChildren(labels(call, index, review, draw), ...missed(call, index, addMissed));
  };
  draw();
  return panel;
}

/** The predicted label, which a click accepts, and the others, which correct it. */
function labels(call, index, review, draw) {
  const found = turnFinding(call, index);
  const judged = review.of(call.call_id, found.key);
  const now = judged?.verdict === "correct" ? judged.corrected : judged && found.label;
  const choices = CHOICES.turn().map((label) => {
    const chosen = now === label;
    const accept = label === found.label;
    const judge = () => {
      const verdict = accept ? "accept" : "correct";
      const changes = chosen ? { verdict: null } : { verdict, corrected: accept ? null : label };
      review.judge(call.call_id, found, changes);
      draw();
    };
    const name = labelOf({ kind: "turn", label });
    return button(accept ? `${name} ●` : name, judge, { "aria-pressed": String(chosen) });
  });
  return el("div", {}, el("b", {}, t("turnLabel")), el("span", { class: "segmented" }, choices));
}

function missed(call, index, addMissed) {
  const chooser = (kind, title) =>
    select(
      [["", title], ...CHOICES[kind]().map((label) => [label, labelOf({ kind, label })])],
      "",
      (label, node) => {
        node.value = "";
        addMissed(partsOf(kind, label, call, index));
      },
      { "aria-label": `${t("addMissed")}：${title}` },
    );
  if (call.turns[index].speaker !== "customer") return [];
  return [
    el(
      "div",
      {},
      el("b", {}, t("addMissed")),
      chooser("turning_point", t("addPoint")),
      chooser("signal", t("addSignal")),
      chooser("term", t("addTerm")),
    ),
    el("p", {}, t("addTermHint")),
  ];
}

/** A missed term is the phrase chosen in the turn's text, else the whole text. */
function partsOf(kind, label, call, index) {
  if (kind !== "term") return { kind, turn: index, label };
  const { text } = call.turns[index];
  const chosen = String(getSelection() ?? "").trim();
  const term = chosen !== "" && text.includes(chosen) ? chosen : text;
  const from = [...text.slice(0, text.indexOf(term))].length;
  return { kind, turn: index, label, term, span: [from, from + [...term].length] };
}
