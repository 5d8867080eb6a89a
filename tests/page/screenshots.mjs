// Pictures of both views, for a person to look at and for the README.
//
//   node screenshots.mjs <folder> [heatmap.json]

import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { launch, open, worstFirst, writePage } from "./browser.mjs";
import { generate } from "./generate.mjs";

const [folder = ".output", given] = process.argv.slice(2);
const heatmap = given ? JSON.parse(readFileSync(given, "utf8")) : generate(120, 7);
const told = heatmap.calls.findIndex((call) => call.turning_points.length > 1);
const position = told < 0 ? worstFirst(heatmap)[0].position : told;
mkdirSync(folder, { recursive: true });
const browser = await launch();

for (const lang of ["zh", "en"]) {
  const file = writePage(`screenshot-${lang}`, heatmap, "--lang", lang);
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(browser, file, { viewport: { width, height }, colorScheme });
      const picture = (view) =>
        page.screenshot({
          path: path.join(folder, `${view}-${lang}-${width}-${colorScheme}.png`),
          animations: "disabled",
        });
      await picture("overview");
      await page.evaluate((n) => (location.hash = `#call=${n}`), position);
      await page.locator(".timeline svg").first().waitFor();
      await page.keyboard.press("n");
      await page.waitForTimeout(700);
      await picture("call");
      await page.context().close();
    }
  }
}
await browser.close();
