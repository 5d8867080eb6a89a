// Builds elements. Text goes in as text nodes only: nothing here, and nothing on
// the page, turns a string into markup.

const SVG = "http://www.w3.org/2000/svg";

/** Characters that reorder or hide the text around them. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * An HTML element. `props` are attributes, but for `on` (listeners by event) and
 * `data` (data attributes); null, undefined and false leave an attribute out.
 * Children are nodes, strings, numbers, null, or lists of these.
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element, built as by {@link el}. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) {
        node.addEventListener(event, listener);
      }
    } else if (name === "data") {
      for (const [key, entry] of Object.entries(value)) {
        if (entry !== null && entry !== undefined) node.dataset[key] = entry;
      }
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(node, child);
    else if (child !== null && child !== undefined && child !== false) {
      node.append(typeof child === "number" ? String(child) : child);
    }
  }
}

/** Empties `node` and fills it again. */
export function refill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/**
 * Text of the input, which may be in any script: isolated from the text around
 * it, and with characters that would reorder or hide text made visible.
 */
export function foreign(text, props = {}) {
  return el("bdi", props, visible(text));
}

/** The pieces of `text`, unseen characters as small boxes with their number. */
export function visible(text) {
  const value = String(text ?? "");
  if (!UNSEEN.test(value)) return value;
  const pieces = [];
  let plain = "";
  for (const character of value) {
    if (UNSEEN.test(character)) {
      const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      pieces.push(plain, el("span", { class: "unseen" }, `U+${code}`));
      plain = "";
    } else plain += character;
  }
  pieces.push(plain);
  return pieces;
}

/** A button with a text and a listener. */
export function button(label, listener, props = {}) {
  return el("button", { type: "button", ...props, on: { click: listener } }, label);
}

/** A choice between `[value, label]` pairs; `listener(value, node)` hears of a change. */
export function select(entries, chosen, listener, props = {}) {
  const options = entries.map(([value, label]) =>
    el("option", { value, selected: value === chosen }, label),
  );
  return el(
    "select",
    { ...props, on: { change: (event) => listener(event.target.value, event.target) } },
    options,
  );
}
