// The page's own words and numbers in the chosen language.

import { en } from "./en.js";
import { zh } from "./zh.js";

let words = document.documentElement.lang.startsWith("en") ? en : zh;

/** Changes to the other language. */
export function switchLanguage() {
  words = words === zh ? en : zh;
  document.documentElement.lang = words.tag;
}

/** The words under `key`, with `{name}` replaced by the values given. */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? count(value) : String(value);
  });
}

/** The name of a value of the schema; one the page does not know stays as it is. */
export function nameOf(kind, value) {
  const names = words.names[kind];
  return Object.hasOwn(names, value) ? names[value] : String(value);
}

/** The values of the schema that have a name. */
export function namesOf(kind) {
  return Object.keys(words.names[kind]);
}

/** A whole number, in groups of three digits. */
export function count(number) {
  return Number(number).toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A valence or level with its sign and two digits: −0.83, 0.00, +0.40. */
export function signed(value) {
  if (typeof value !== "number" || Number.isNaN(value)) return "–";
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return digits;
  return (value < 0 ? "−" : "+") + digits;
}

/** A share as a percentage. */
export function percent(share) {
  const points = share * 100;
  return `${points >= 10 || points === 0 ? Math.round(points) : points.toFixed(1)}%`;
}

/** Milliseconds as 1:02:03 or 02:03. */
export function clock(ms) {
  if (typeof ms !== "number") return "–";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const pad = (number) => String(number).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`;
}

/** Milliseconds as seconds with one digit. */
export function seconds(ms) {
  return (ms / 1000).toFixed(1);
}

/** A start time as the input has it, without its zone and fractions. */
export function when(started) {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?/.exec(started ?? "");
  return match ? [match[1], match[2]].filter(Boolean).join(" ") : String(started ?? "");
}
