// The same page over data that is not invented: set CALLHEAT_HEATMAP to a heatmap
// (JSON), or CALLHEAT_REPORT to a page, and every part of it must open.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { launch, open, shown, writePage } from "./browser.mjs";

const { CALLHEAT_HEATMAP: heatmapFile, CALLHEAT_REPORT: reportFile } = process.env;
const skip = heatmapFile || reportFile ? false : "neither CALLHEAT_HEATMAP nor CALLHEAT_REPORT";
const MOST_CALLS = 50;

test("a given heatmap opens, call by call", { skip }, async (t) => {
  const heatmap = heatmapFile ? JSON.parse(readFileSync(heatmapFile, "utf8")) : null;
  const file = reportFile ? path.resolve(reportFile) : writePage("given", heatmap);
  const browser = await launch();
  const page = await open(browser, file);
  const [visible, all] = await shown(page);
  assert.equal(visible, all);
  if (heatmap) assert.equal(all, heatmap.calls.length);
  const opened = Math.min(all, MOST_CALLS);
  for (let position = 0; position < opened; position += 1) {
    await page.evaluate((n) => (location.hash = `#call=${n}`), position);
    const call = heatmap?.calls[position];
    if (call) await page.locator("h1", { hasText: call.call_id }).waitFor();
    else await page.locator(".turn").first().waitFor();
    await page.keyboard.press("n");
    if (call) assert.equal(await page.locator(".turn").count(), call.turns.length);
  }
  t.diagnostic(`${opened} of ${all} calls opened`);
  assert.deepEqual(page.troubles, []);
  await browser.close();
});
