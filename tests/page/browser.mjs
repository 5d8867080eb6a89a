// Real pages in a real browser: the binary writes the page, Chromium opens it
// from disk.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? path.join(here, "../../target");

/** The program under test: CALLHEAT_BIN, else the debug build of this tree. */
export const binary = process.env.CALLHEAT_BIN ?? path.join(target, "debug/callheat");

const CHROMIUMS = [
  process.env.CHROMIUM_BIN,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** A folder for what the tests write, gone when the process ends. */
export const folder = mkdtempSync(path.join(tmpdir(), "callheat-page-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/**
 * Has the binary write the page of a heatmap as it is (the tests of redaction are
 * in Rust); returns the path of the page.
 */
export function writePage(name, heatmap, ...options) {
  if (!existsSync(binary)) {
    throw new Error(`no program at ${binary}: run \`cargo build\`, or set CALLHEAT_BIN`);
  }
  const input = path.join(folder, `${name}.json`);
  const output = path.join(folder, `${name}.html`);
  writeFileSync(input, JSON.stringify(heatmap));
  execFileSync(binary, ["report", input, "-o", output, "--no-redact", ...options], {
    stdio: "pipe",
  });
  return output;
}

/** Starts Chromium. */
export async function launch() {
  const executablePath = CHROMIUMS.find((file) => file && existsSync(file));
  if (!executablePath) throw new Error("no Chromium found: install it, or set CHROMIUM_BIN");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/**
 * Opens a page from disk. `page.troubles` gathers what must not happen: errors,
 * violations of the policy, dialogs, and requests beyond the file itself.
 */
export async function open(browser, file, { hash = "", ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.troubles = [];
  const trouble = (text) => page.troubles.push(text);
  const address = pathToFileURL(file).href;
  page.on("pageerror", (error) => trouble(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    trouble(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== address && !url.startsWith("blob:")) trouble(`request: ${url}`);
  });
  await page.goto(address + hash);
  await page.waitForSelector("html[data-ready]");
  return page;
}

/** Numbers of calls on the page, as the status line says: shown and all. */
export async function shown(page) {
  const text = await page.locator(".status [role=status]").textContent();
  return text.match(/[\d,]+/g).map((number) => Number(number.replace(",", "")));
}

/** A file that a click saves, as text. */
export async function download(page, click) {
  const [saved] = await Promise.all([page.waitForEvent("download"), click()]);
  return readFileSync(await saved.path(), "utf8");
}

/** The calls of a heatmap in the order of the overview: the worst first. */
export function worstFirst(heatmap) {
  const lowest = (call) => Math.round(call.arc.lowest.level * 100);
  return heatmap.calls
    .map((call, position) => ({ call, position }))
    .sort(
      (a, b) =>
        b.call.escalation.risk - a.call.escalation.risk ||
        lowest(a.call) - lowest(b.call) ||
        a.position - b.position,
    );
}
