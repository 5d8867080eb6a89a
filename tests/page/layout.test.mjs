// Both languages, a desk and a phone, light and dark: nothing overflows, every
// control has a name, text has contrast.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const heatmap = generate(80, 13);
const position = heatmap.calls.findIndex((call) => call.turning_points.length === 2);
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];
let browser;
const files = {};

before(async () => {
  files.zh = writePage("layout-zh", heatmap);
  files.en = writePage("layout-en", heatmap, "--lang", "en");
  browser = await launch();
});
after(() => browser?.close());

for (const lang of ["zh", "en"]) {
  for (const viewport of SIZES) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${lang}, ${viewport.width} pixels, ${colorScheme}`, async () => {
        const page = await open(browser, files[lang], { viewport, colorScheme });
        await inspect(page, ".overview");
        await page.evaluate((n) => (location.hash = `#call=${n}`), position);
        await page.locator(".call h1").waitFor();
        await page.locator(".timeline svg").first().waitFor();
        await inspect(page, ".call");
        assert.deepEqual(page.troubles, []);
        await page.context().close();
      });
    }
  }
}

test("the page opens in the language asked for, and changes it", async () => {
  const page = await open(browser, files.en);
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  assert.doesNotMatch(await page.locator(".filters").innerText(), /复核|排序|筛选/);
  await page.locator(".language").click();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
  assert.match(await page.locator(".filters").innerText(), /排序/);
  assert.equal(await page.locator(".item").first().isVisible(), true);
  await page.context().close();
});

async function inspect(page, view) {
  const found = await page.evaluate(inspectView, view);
  assert.equal(found.overflow, 0, "the page is wider than the window");
  assert.deepEqual(found.nameless, [], "controls without a name");
  assert.deepEqual(found.faint, [], "text below a contrast of 4.5");
}

/** Runs in the browser. */
function inspectView(view) {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (color, below) => {
    canvas.fillStyle = below ? `rgb(${below.join()})` : "#fff";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const above = [];
    for (let at = node; at; at = at.parentElement) above.unshift(getComputedStyle(at));
    return above.reduce((color, style) => rgb(style.backgroundColor, color), null);
  };
  const shownText = (node) =>
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== "") &&
    node.checkVisibility({ visibilityProperty: true }) &&
    !node.closest(":disabled, svg, option, .bar");
  const nodes = [...document.querySelectorAll(`${view} *, .topbar *`)];
  const faint = nodes.filter(shownText).flatMap((node) => {
    const below = ground(node);
    const [a, b] = [luminance(rgb(getComputedStyle(node).color, below)), luminance(below)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 4.5 ? [`${node.className} ${node.textContent.slice(0, 20)} ${contrast}`] : [];
  });
  const controls = nodes.filter((node) => node.matches("a, button, select, input, [role=button]"));
  const nameless = controls
    .filter((node) => node.checkVisibility())
    .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.closest("label")))
    .map((node) => node.outerHTML.slice(0, 80));
  const { scrollWidth, clientWidth } = document.documentElement;
  return { overflow: Math.max(0, scrollWidth - clientWidth), nameless, faint: [...new Set(faint)] };
}
