// The review: judged on the page, kept by the browser, exported and taken back.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { download, folder, launch, open, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const heatmap = generate(40, 21);
const position = heatmap.calls.findIndex(
  (call) => call.turning_points.length > 0 && call.turns.some((turn) => turn.signals.length > 0),
);
const call = heatmap.calls[position];
const [point] = call.turning_points;
let browser, file;

before(async () => {
  file = writePage("review", heatmap);
  browser = await launch();
});
after(() => browser?.close());

const card = (page, key) => page.locator(`.finding[data-key^="${key}"]`);
const act = (page, key, name) => card(page, key).first().locator(`button.${name}`).click();
const exported = async (page) => {
  const text = await download(page, () => page.locator("button.export").click());
  assert.ok(text.endsWith("\n"));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
};

async function judged(page) {
  await act(page, "risk", "accept");
  await act(page, "turning_point", "correct");
  await card(page, "turning_point").first().locator(".note").fill("拐点应更早，<b>不是</b>这里");
  await page.keyboard.press("Tab");
  await act(page, "signal", "reject");
  const customer = call.turns.findIndex((turn) => turn.speaker === "customer");
  await page.locator(`.turn[data-turn="${customer}"] .valence`).click();
  await page.locator(".turn-review .segmented button").nth(2).click();
  await page.locator(".turn-review select").nth(1).selectOption("media");
  await page.locator(".overall .reject").click();
  await page.locator(".overall textarea").fill("整通备注");
  await page.locator(".call h1").click();
  return customer;
}

test("judgements are kept, exported, and taken back elsewhere", async () => {
  const page = await open(browser, file, { hash: `#call=${position}` });
  const customer = await judged(page);
  const lines = await exported(page);
  const of = (kind) => lines.filter(({ finding }) => finding.kind === kind);
  assert.ok(lines.every((line) => line.call_id === call.call_id));
  assert.deepEqual(of("risk")[0], {
    call_id: call.call_id,
    finding: { kind: "risk", label: call.escalation.level },
    verdict: "accept",
    corrected: null,
    note: "",
  });
  const other = point.direction === "recovery" ? "deterioration" : "recovery";
  assert.deepEqual(of("turning_point")[0], {
    call_id: call.call_id,
    finding: { kind: "turning_point", turn: point.turn, label: point.direction },
    verdict: "correct",
    corrected: other,
    note: "拐点应更早，<b>不是</b>这里",
  });
  const verdicts = of("signal").map(({ verdict }) => verdict);
  assert.deepEqual(verdicts.sort(), ["missed", "reject"]);
  const [turn] = of("turn");
  const { text, speaker, label } = call.turns[customer];
  assert.deepEqual(turn.finding, { kind: "turn", turn: customer, label, text, speaker });
  assert.equal(turn.corrected ?? label, "positive");
  assert.deepEqual(of("call")[0], {
    call_id: call.call_id,
    finding: { kind: "call" },
    verdict: "reject",
    corrected: null,
    note: "整通备注",
  });

  await page.reload();
  await page.locator(".finding.accept").first().waitFor();
  assert.deepEqual(await exported(page), lines);
  assert.equal(await page.locator(".overall textarea").inputValue(), "整通备注");
  assert.deepEqual(page.troubles, []);
  await page.context().close();

  const elsewhere = await open(browser, file);
  const saved = path.join(folder, "review.jsonl");
  const extra = ["not json", JSON.stringify({ ...lines[0], call_id: "another" })];
  writeFileSync(saved, [...lines.map((line) => JSON.stringify(line)), ...extra].join("\r\n"));
  await elsewhere.locator("input[type=file]").setInputFiles(saved);
  await elsewhere.locator("#notice", { hasText: `已导入 ${lines.length} 条` }).waitFor();
  const notice = await elsewhere.locator("#notice").textContent();
  assert.match(notice, new RegExp(`第 ${lines.length + 1} 行`));
  assert.match(notice, /1 条不属于本批/);
  assert.deepEqual(await exported(elsewhere), lines);
  assert.deepEqual(elsewhere.troubles, []);
  await elsewhere.context().close();
});

test("keys walk the findings and judge them; the same again takes it back", async () => {
  const page = await open(browser, file, { hash: `#call=${position}` });
  for (const [key, verdict] of [
    ["a", "accept"],
    ["x", "reject"],
    ["c", "correct"],
  ]) {
    await page.keyboard.press(".");
    await page.keyboard.press(key);
    assert.ok(await page.locator(`.finding.${verdict}[aria-current]`).isVisible(), verdict);
  }
  assert.equal((await exported(page)).length, 3);
  await page.locator(".finding[aria-current]").focus();
  await page.keyboard.press("c");
  assert.equal((await exported(page)).length, 2);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the overview marks, counts and filters what has been reviewed", async () => {
  const page = await open(browser, file, { hash: `#call=${position}` });
  await page.locator(".overall .accept").click();
  await page.locator(".back").click();
  await page.locator("select[data-name=review]").selectOption("done");
  assert.equal(await page.locator("a.row").count(), 1);
  assert.equal(await page.locator("a.row .id").textContent(), call.call_id);
  assert.equal(await page.locator(".mark.done").count(), 1);
  assert.match(await page.locator(".summary").textContent(), /已复核1\/ 40/);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a missed complaint term is the phrase chosen in the transcript", async () => {
  const page = await open(browser, file, { hash: `#call=${position}` });
  const turn = call.turns.findIndex(
    ({ speaker, terms, text }) => speaker === "customer" && terms.length > 0 && text.length > 6,
  );
  await page.locator(`.turn[data-turn="${turn}"] .valence`).click();
  const term = await page.evaluate((index) => {
    const node = document.querySelector(`.turn[data-turn="${index}"] p bdi`).firstChild;
    const range = document.createRange();
    range.setStart(node, 1);
    range.setEnd(node, 4);
    getSelection().addRange(range);
    return String(getSelection());
  }, turn);
  await page.locator(".turn-review select").nth(2).selectOption("process");
  const [line] = await exported(page);
  const finding = { kind: "term", turn, label: "process", term, span: [1, 4] };
  assert.deepEqual(line.finding, finding);
  assert.equal(line.verdict, "missed");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a browser that stores nothing is named, and the review can still be exported", async () => {
  const page = await open(browser, file, { hash: `#call=${position}` });
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await act(page, "risk", "reject");
  await page.locator("#notice", { hasText: "拒绝保存" }).waitFor();
  assert.equal((await exported(page)).length, 1);
  await page.context().close();
});
