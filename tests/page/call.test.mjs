// A call: lanes, curve, transcript, and the ways from one to the other.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch, open, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const heatmap = generate(300, 5);
const position = heatmap.calls.findIndex(
  (call) =>
    call.turning_points.length === 2 &&
    call.timing.silences.length > 0 &&
    call.timing.interruptions.length > 0 &&
    call.escalation.reasons.some((reason) => reason.signal === "regulator"),
);
const call = heatmap.calls[position];
let browser, file;

before(async () => {
  file = writePage("call", heatmap);
  browser = await launch();
});
after(() => browser?.close());

async function opened(hash = `#call=${position}`, options = {}) {
  const page = await open(browser, file, { hash, ...options });
  await page.locator(".call h1").waitFor();
  return page;
}

async function done(page) {
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}

const current = async (page) =>
  Number(await page.locator(".turn[aria-current]").getAttribute("data-turn"));

/** Whether a turn is in sight, in its pane and in the window. */
const inSight = (page, turn) =>
  page.waitForFunction((index) => {
    const box = document.querySelector(`[data-turn="${index}"].turn`).getBoundingClientRect();
    const pane = document.querySelector(".transcript").getBoundingClientRect();
    return box.top >= Math.max(0, pane.top) && box.bottom <= Math.min(pane.bottom, innerHeight);
  }, turn);

test("everything found in the call is drawn", async () => {
  const page = await opened();
  assert.equal(await page.locator(".turn").count(), call.turns.length);
  assert.equal(await page.locator(".lane").count(), 2);
  assert.equal(await page.locator(".lane .cell").count(), 40);
  assert.equal(await page.locator(".timeline > svg > g.point").count(), 2);
  assert.equal(await page.locator(".timeline .silence").count(), call.timing.silences.length);
  const interruptions = call.timing.interruptions.length;
  assert.equal(await page.locator(".timeline > svg > .interruption").count(), interruptions);
  assert.equal(await page.locator(".between.point").count(), 2);
  assert.equal(await page.locator(".between.silence").count(), call.timing.silences.length);
  const terms = call.turns.flatMap((turn) => turn.terms);
  assert.equal(await page.locator("mark.term").count(), terms.length);
  const marked = await page
    .locator("mark.term")
    .evaluateAll((nodes) => nodes.map((node) => node.firstChild.textContent));
  assert.deepEqual(
    marked,
    terms.map(({ term }) => term),
  );
  const texts = await page.locator(".turn p > bdi").evaluateAll((nodes) =>
    nodes.map((node) => {
      const copy = node.cloneNode(true);
      for (const tag of copy.querySelectorAll(".tag")) tag.remove();
      return copy.textContent;
    }),
  );
  assert.deepEqual(
    texts,
    call.turns.map((turn) => turn.text),
  );
  await done(page);
});

test("reasons, cells and markers lead to their turns", async () => {
  const page = await opened();
  const reason = call.escalation.reasons[0];
  await page.locator(".reasons button").first().click();
  assert.equal(await current(page), reason.turn);
  await inSight(page, reason.turn);
  const cell = page.locator(".lane").first().locator(".cell[role=button]").first();
  await cell.click();
  assert.equal(
    await current(page),
    call.turns.findIndex((turn) => turn.speaker === "customer"),
  );
  const [point] = call.turning_points;
  await page.locator(`.timeline .point[data-turn="${point.turn}"] path`).click();
  assert.equal(await current(page), point.turn);
  await inSight(page, point.turn);
  await page.locator(".between.point button").first().click();
  assert.equal(await current(page), point.trigger.turn);
  await cell.focus();
  await page.keyboard.press("Enter");
  assert.equal(call.turns[await current(page)].speaker, "customer");
  await done(page);
});

test("n and p go round the turning points", async () => {
  const page = await opened();
  const [first, second] = call.turning_points.map((point) => point.turn);
  const seen = [];
  for (const key of ["n", "n", "n", "p", "p"]) {
    await page.keyboard.press(key);
    seen.push(await current(page));
  }
  assert.deepEqual(seen, [first, second, first, second, first]);
  await done(page);
});

test("the recording is a link with the time, by path and by address", async () => {
  const page = await opened();
  const turn = call.turns[6];
  const links = page.locator("a.time");
  assert.equal(await links.count(), call.turns.length);
  const at = Math.floor(turn.start_ms / 100) / 10;
  const base = pathToFileURL(file).href.replace(/[^/]+$/, "");
  assert.equal(
    await links.nth(6).evaluate((node) => node.href),
    `${base}${call.meta.audio_uri}#t=${at}`,
  );
  await done(page);
});

test("addresses that a link may not have are no links", async () => {
  const uris = {
    "javascript:alert(1)": null,
    " jAvA\tscript:alert(1)": null,
    "data:text/html,<script>alert(1)</script>": null,
    "vbscript:x": null,
    "https://recordings.example/a.wav?id=3": "https://recordings.example/a.wav?id=3",
    "C:\\录音\\a#1.wav": "file:///C:/%E5%BD%95%E9%9F%B3/a%231.wav",
    "\\\\server\\share\\a.wav": "file://server/share/a.wav",
  };
  const calls = Object.keys(uris).map((uri, i) => ({
    ...call,
    call_id: `uri-${i}`,
    meta: { audio_uri: uri },
  }));
  const page = await open(browser, writePage("uris", { ...heatmap, calls, terms: [] }));
  for (const [i, expected] of Object.values(uris).entries()) {
    await page.evaluate((n) => (location.hash = `#call=${n}`), i);
    await page.locator("h1", { hasText: `uri-${i}` }).waitFor();
    const links = await page.locator("a.recording").evaluateAll((all) => all.map((a) => a.href));
    assert.deepEqual(links, expected === null ? [] : [expected]);
    assert.equal(await page.locator("a.time").count(), expected === null ? 0 : call.turns.length);
  }
  await done(page);
});

test("a call without times is drawn by turns", async () => {
  const untimed = structuredClone(call);
  untimed.duration_ms = null;
  untimed.timing = {
    talk_ratio: null,
    silences: null,
    interruptions: null,
    chars_per_minute: null,
  };
  for (const turn of untimed.turns) Object.assign(turn, { start_ms: null, end_ms: null });
  const path = writePage("untimed", { ...heatmap, calls: [untimed] });
  const page = await open(browser, path, { hash: "#call=0" });
  await page.locator(".timeline figcaption", { hasText: "横轴为话轮" }).waitFor();
  assert.equal(await page.locator(".timeline > svg > g.point").count(), 2);
  assert.equal(await page.locator("time").count(), 0);
  await done(page);
});

test("the barest call that the schema allows opens", async () => {
  const bare = { call_id: "bare", turns: [{ index: 0, speaker: "unknown", text: "" }] };
  const path = writePage("bare", { schema: "callheat/1", bins: 20, calls: [bare] });
  const page = await open(browser, path, { hash: "#call=0" });
  await page.locator(".turn", { hasText: "无文字" }).waitFor();
  await done(page);
});

test("spans that overlap, and signals with spans, are all marked", async () => {
  const text = "你😀们乱扣费我要投诉";
  const turn = {
    ...call.turns[1],
    text,
    terms: [
      { term: "乱扣费", category: "fee", span: [3, 6] },
      { term: "扣费我", category: "other", span: [4, 7] },
      { term: "越界", category: "fee", span: [9, 99] },
    ],
    signals: ["regulator"],
    signal_spans: [{ signal: "regulator", span: [8, 10] }],
  };
  const calls = [{ ...call, turns: [turn], turning_points: [], timing: {}, escalation: null }];
  const page = await open(browser, writePage("spans", { ...heatmap, calls }), { hash: "#call=0" });
  await page.locator("mark").first().waitFor();
  const pieces = await page
    .locator("mark")
    .evaluateAll((all) => all.map((node) => [node.className, node.firstChild.textContent]));
  assert.deepEqual(pieces, [
    ["term", "乱"],
    ["term", "扣费"],
    ["term", "我"],
    ["signal", "投诉"],
  ]);
  await done(page);
});

test("a printed call has the whole transcript and no controls", async () => {
  const page = await opened();
  await page.emulateMedia({ media: "print" });
  assert.ok(!(await page.locator(".topbar").isVisible()));
  assert.ok(!(await page.locator(".call-head nav").isVisible()));
  const hidden = await page.evaluate(() => {
    const pane = document.querySelector(".transcript");
    return pane.scrollHeight - pane.clientHeight;
  });
  assert.ok(hidden <= 1, `${hidden} pixels are cut off`);
  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.length > 10_000);
  await done(page);
});
