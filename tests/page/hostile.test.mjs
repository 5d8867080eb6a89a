// Transcripts that try to become markup, code or an illusion stay text.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, open, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const ATTACKS = [
  "<script>globalThis.hacked = 1</script>",
  "</script><script>globalThis.hacked = 1</script>",
  "<!--<script>globalThis.hacked = 1</script>-->",
  '<img src=x onerror="globalThis.hacked = 1">',
  "<svg onload=globalThis.hacked=1>",
  "\"><iframe srcdoc='<script>top.hacked=1</script>'>",
  "javascript:globalThis.hacked=1",
  "{{constructor.constructor('globalThis.hacked=1')()}}",
  "__proto__",
  "constructor",
  "toString",
  "付款\u202e元001\u202c成功",
  "\u2067עברית\u2069 العربية",
  "\u0000\u0007 bell",
  "x".repeat(20_000),
];
const heatmap = generate(ATTACKS.length, 3);
heatmap.terms = [];
ATTACKS.forEach((attack, i) => {
  const call = heatmap.calls[i];
  const turn = call.turns.find(({ speaker }) => speaker === "customer");
  call.call_id = `${i} ${attack}`;
  call.meta = { agent_id: attack, queue: attack, started_at: attack, audio_uri: attack };
  call.source = { path: attack, format: attack };
  const length = [...attack].length;
  Object.assign(turn, { text: attack, label: attack, signals: [attack] });
  turn.terms = [{ term: attack, category: attack, span: [0, length] }];
  call.complaint_terms = [{ term: attack, category: attack, count: 2, turns: [turn.index] }];
  call.heatmap[0].cells[0].complaints = { [attack]: 1 };
  call.turning_points = [
    {
      turn: turn.index,
      direction: attack,
      from: 0,
      to: -1,
      confidence: 1,
      confirmed_at: turn.index,
      trigger: { turn: 0, speaker: attack, event: attack },
    },
  ];
  call.escalation = {
    risk: 0.5,
    level: attack,
    reasons: [{ signal: attack, turn: turn.index, text: attack }],
  };
  call.arc.trend = attack;
  call.timing.interruptions = [{ turn: turn.index, by: attack, overlap_ms: 1 }];
  call.warnings = [{ code: attack, message: attack, turn: turn.index }];
  heatmap.terms.push({ term: attack, category: attack, count: 2, calls: 1, examples: [] });
});
heatmap.failures = ATTACKS.map((attack) => ({ path: attack, line: 1, reason: attack }));
heatmap.model.name = ATTACKS[0];
let browser, file;

before(async () => {
  file = writePage("hostile", heatmap);
  browser = await launch();
});
after(() => browser?.close());

test("nothing runs, nothing is loaded, every text is shown as it is", async () => {
  for (const lang of ["zh", "en"]) {
    const page = await open(browser, file);
    if (lang === "en") await page.locator(".language").click();
    const elements = await page.locator("script, iframe, img, object, embed").count();
    await page.locator(".remark summary").click();
    await page.keyboard.press("?");
    await page.keyboard.press("Escape");
    for (const [i, attack] of ATTACKS.entries()) {
      await page.evaluate((n) => (location.hash = `#call=${n}`), i);
      await page.locator(".call h1", { hasText: `${i} ` }).waitFor();
      const turn = heatmap.calls[i].turns.find(({ speaker }) => speaker === "customer").index;
      const text = await page.locator(`.turn[data-turn="${turn}"] mark`).evaluate((node) => {
        const copy = node.cloneNode(true);
        for (const tag of copy.querySelectorAll(".tag")) tag.remove();
        for (const unseen of copy.querySelectorAll(".unseen")) {
          const code = Number.parseInt(unseen.textContent.slice(2), 16);
          unseen.replaceWith(String.fromCodePoint(code));
        }
        return copy.textContent;
      });
      assert.equal(text, attack.toWellFormed(), attack.slice(0, 40));
      await page.locator(".reasons button").first().click();
      await page.locator(".finding button.accept").first().click();
    }
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.locator("script, iframe, img, object, embed").count(), elements);
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((a) => a.protocol));
    assert.ok(links.every((protocol) => ["file:", "http:", "https:"].includes(protocol)));
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  }
});

test("marks that reorder text are shown, not obeyed", async () => {
  const page = await open(browser, file, {
    hash: `#call=${ATTACKS.indexOf("付款\u202e元001\u202c成功")}`,
  });
  const mark = page.locator("mark").first();
  await mark.waitFor();
  assert.deepEqual(await mark.locator(".unseen").allTextContents(), ["U+202E", "U+202C"]);
  const isolated = await page
    .locator(".turn p > bdi")
    .first()
    .evaluate((node) => getComputedStyle(node).unicodeBidi);
  assert.equal(isolated, "isolate");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the policy stops a script that got into the file all the same", async () => {
  const tampered = file.replace(".html", "-tampered.html");
  const html = readFileSync(file, "utf8");
  const injected = "<script>globalThis.hacked = 1</script><img src=x onerror='hacked=1'>";
  writeFileSync(tampered, html.replace("</main>", `</main>${injected}`));
  const page = await open(browser, tampered);
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.ok(page.troubles.some((text) => text.includes("Content Security Policy")));
  const markup = page.evaluate(() => {
    document.body.innerHTML = "<b>text</b>";
  });
  await assert.rejects(markup, /TrustedHTML/);
  await page.context().close();
});
