// The overview: figures, rows, order, filters, search, click-through.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { launch, open, shown, worstFirst, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const heatmap = generate(120, 11);
const worst = worstFirst(heatmap);
let browser, file, page;

before(async () => {
  file = writePage("overview", heatmap);
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  page = await open(browser, file);
});
afterEach(async () => {
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

const firstId = () => page.locator(".item[aria-posinset='1'] .id").textContent();

test("figures and rows are those of the batch", async () => {
  const text = await page.locator(".summary").textContent();
  const { levels, turns } = heatmap.summary;
  for (const figure of [`高 ${levels.high}`, `低 ${levels.low}`, turns.toLocaleString("en-US")]) {
    assert.ok(text.includes(figure), figure);
  }
  assert.deepEqual(await shown(page), [120, 120]);
  assert.equal(await firstId(), worst[0].call.call_id);
  const cells = await page
    .locator(".item[aria-posinset='1'] .strip i")
    .evaluateAll((nodes) => nodes.map((node) => node.className.split(" ")[0]));
  const expected = worst[0].call.heatmap[0].cells.map(({ valence }) =>
    valence === null ? "hatched" : `h${Math.round((Math.round(valence * 100) / 100 + 1) * 10)}`,
  );
  assert.deepEqual(cells, expected);
});

test("inputs that could not be read are named", async () => {
  await page.locator(".remark summary").click();
  const text = await page.locator(".remark").textContent();
  assert.match(text, /00091\.json:12/);
  assert.match(text, /not a known transcript format/);
});

test("every order sorts, and turns round", async () => {
  const keys = {
    lowest: (call) => call.arc.lowest.level,
    points: (call) => -call.turning_points.length,
    duration: (call) => -call.duration_ms,
  };
  for (const [name, key] of Object.entries(keys)) {
    await page.locator("select[data-name=order]").selectOption(name);
    const first = await firstId();
    const call = heatmap.calls.find(({ call_id: id }) => id === first);
    const best = Math.min(...heatmap.calls.map(key));
    assert.ok(Math.abs(key(call) - best) < 0.006, name);
  }
  await page.locator(".to-risk").click();
  assert.equal(await firstId(), worst[0].call.call_id);
  await page.locator(".to-risk").click();
  assert.equal(await firstId(), worst.at(-1).call.call_id);
});

test("level, category, agent and queue filter together", async () => {
  const { high } = heatmap.summary.levels;
  await page.locator("[data-name='levels/high']").click();
  assert.deepEqual(await shown(page), [high, 120]);
  await page.locator("[data-name='categories/fee']").click();
  const { queue } = heatmap.calls.find(({ meta }) => meta.queue === "话费咨询").meta;
  await page.locator("select[data-name=queue]").selectOption(queue);
  const { agent_id: agent } = worst.find(({ call }) => call.meta.queue === queue).call.meta;
  await page.locator("select[data-name=agent]").selectOption(agent);
  const expected = heatmap.calls.filter(
    (call) =>
      call.escalation.level === "high" &&
      call.complaint_terms.some(({ category }) => category === "fee") &&
      call.meta.queue === queue &&
      call.meta.agent_id === agent,
  );
  assert.ok(expected.length > 0);
  assert.deepEqual(await shown(page), [expected.length, 120]);
  await page.locator("[data-name=clear]").click();
  assert.deepEqual(await shown(page), [120, 120]);
});

test("a filter that nothing passes says so", async () => {
  await page.locator("#search").fill("没有这样的话");
  await page.waitForFunction(() =>
    document.querySelector(".status").textContent.startsWith("显示 0 /"),
  );
  assert.ok(await page.locator(".calls .none").isVisible());
});

test("search finds transcripts, call names, and folds width and case", async () => {
  const has = (call, text) => call.turns.some((turn) => turn.text.includes(text));
  const expected = heatmap.calls.filter((call) => has(call, "驿站")).length;
  assert.ok(expected > 0 && expected < 120);
  for (const [query, n] of [
    ["驿站", expected],
    [heatmap.calls[4].call_id.toLowerCase(), 1],
    ["ｃｃ－", 120],
  ]) {
    await page.locator("#search").fill(query);
    await page.waitForFunction(
      (count) => document.querySelector(".status").textContent.startsWith(`显示 ${count} /`),
      n,
    );
  }
});

test("terms are ranked, and a click chooses their calls", async () => {
  const ranked = [...heatmap.terms].sort((a, b) => b.count - a.count);
  const names = await page.locator(".term-bar .name > bdi").allTextContents();
  assert.equal(names[0], ranked[0].term);
  const first = page.locator(".term-bar").first();
  await first.click();
  assert.deepEqual(await shown(page), [ranked[0].calls, 120]);
  await page.locator("[data-name='pill/term']").click();
  assert.deepEqual(await shown(page), [120, 120]);
});

test("a phrase that only the batch knows is sought in the transcripts", async () => {
  const found = heatmap.terms.find((term) => term.discovered);
  await page.locator(".term-bar", { hasText: found.term }).click();
  await page.waitForFunction(
    (n) => document.querySelector(".status").textContent.startsWith(`显示 ${n} /`),
    found.calls,
  );
});

test("hours and days against categories choose calls", async () => {
  const cell = page.locator(".calendar td button").first();
  const label = await cell.getAttribute("aria-label");
  const [hour, n] = label.match(/\d+/g).map(Number);
  await cell.click();
  assert.deepEqual(await shown(page), [n, 120]);
  const category = label.match(/，(.+?)：/)[1];
  const names = { 费用: "fee", 时效: "delay" };
  const expected = heatmap.calls.filter(
    (call) =>
      Number(call.meta.started_at.slice(11, 13)) === hour &&
      call.complaint_terms.some((term) => term.category === names[category]),
  );
  assert.equal(n, expected.length);
  await page.locator("[data-name='pill/time']").click();
  await page.locator(".calendar .segmented button").nth(1).click();
  assert.match(await page.locator(".calendar td button").first().getAttribute("title"), /2026-03/);
});

test("a click on a cell opens the call at that place", async () => {
  const { call } = worst[0];
  const bin = call.heatmap[0].cells.findIndex((cell) => cell.valence !== null && cell.bin > 5);
  await page.locator(".item[aria-posinset='1'] .strip i").nth(bin).click();
  const current = page.locator(".turn[aria-current]");
  await current.waitFor();
  const turn = call.turns[Number(await current.getAttribute("data-turn"))];
  assert.equal(turn.speaker, "customer");
  assert.equal(Math.floor((turn.start_ms / call.duration_ms) * 20), bin);
});

test("the keyboard chooses and opens a call, and comes back to it", async () => {
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator(".call h1").waitFor();
  assert.equal(await page.locator(".call h1").textContent(), worst[1].call.call_id);
  await page.keyboard.press("j");
  await page.locator("h1", { hasText: worst[2].call.call_id }).waitFor();
  await page.keyboard.press("Escape");
  const focused = page.locator("a.row:focus");
  await focused.waitFor();
  assert.equal(await focused.locator(".id").textContent(), worst[2].call.call_id);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
});

test("help opens with ? and names the keys", async () => {
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  assert.match(await page.locator("dialog").textContent(), /拐点[\s\S]*callheat 0\.1\.0/);
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog[open]").count(), 0);
});
