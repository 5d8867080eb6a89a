// The customer's valence turn by turn, and the level between turning points.

import { svg } from "./dom.js";
import { heat } from "./heat.js";
import { signed, t } from "./text.js";

/** The customer's turns as dots on a line; a click goes to the turn. */
export function curve(call, axis, { x, y }, go) {
  const turns = customerTurns(call).map(({ index, turn }) => ({
    index,
    valence: turn.valence,
    at: `${x(axis.middle(index)).toFixed(1)},${y(turn.valence).toFixed(1)}`,
  }));
  if (turns.length === 0) return null;
  const dots = turns.map(({ index, valence, at }) => {
    const [cx, cy] = at.split(",");
    return svg(
      "circle",
      {
        cx,
        cy,
        r: turns.length > 150 ? 2 : 3.5,
        class: heat(valence),
        on: { click: () => go(index) },
      },
      svg("title", {}, `${t("turn", { n: index + 1 })} · ${signed(valence)}`),
    );
  });
  return svg(
    "g",
    { class: "curve" },
    svg("polyline", { points: turns.map(({ at }) => at).join(" ") }),
    dots,
  );
}

/** The level: a step at each turning point, and from one to the next a line. */
export function levelPath(call, axis, { x, y }) {
  const points = [...(call.turning_points ?? [])].sort((a, b) => a.turn - b.turn);
  if (points.length === 0) return null;
  const steps = [`M${x(0)},${y(points[0].from)}`];
  for (const point of points) {
    const at = x(axis.middle(point.turn)).toFixed(1);
    steps.push(`L${at},${y(point.from).toFixed(1)}V${y(point.to).toFixed(1)}`);
  }
  steps.push(`H${x(1)}`);
  return svg("path", { class: "level", d: steps.join("") }, svg("title", {}, t("levelLine")));
}

function customerTurns(call) {
  return (call.turns ?? [])
    .map((turn, index) => ({ turn, index }))
    .filter(({ turn }) => turn.speaker === "customer" && typeof turn.valence === "number");
}
