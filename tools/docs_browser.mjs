// Opens the built site in a Chromium of the system, which no test needs: each kind of page in both
// widths and colour schemes, with screenshots, clicks and a search. Run it by hand after `npm run
// docs`:
//
//   node tools/docs_browser.mjs [FOLDER]     for the screenshots; by default docs/dist/.pictures
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import process from "node:process";
import { DIST, TOOLS } from "./docs/paths.mjs";
import { serve } from "./docs/serve.mjs";

/** A page of each kind, and the longest one. */
const PAGES = {
  home: "/",
  start: "/start/deno.html",
  guide: "/guide/fetch.html",
  table: "/guide/node_libcurl.html",
  loops: "/guide/loops.html",
  cookbook: "/cookbook/",
  programs: "/cookbook/requests.html",
  errors: "/troubleshooting/transfers.html",
  performance: "/performance.html",
  security: "/security.html",
  reference: "/api/",
  "sub-path": "/api/curlew/",
  class: "/api/curlew/classes/Easy.html",
  interface: "/api/curlew/interfaces/FetchInit.html",
  options: "/api/options/interfaces/EasyOptionTypes.html",
  function: "/api/curlew/functions/download.html",
  missing: "/404.html",
};
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of a Chromium, `undefined` where there is none. */
function chromium() {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return process.env["CHROMIUM"] ?? paths.find((path) => existsSync(path));
}

/** Opens a page that records its errors and its requests to other hosts. */
async function open(context, origin, faults) {
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) {
      faults.push(`${page.url()} asks ${url}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) {
      faults.push(`${page.url()}: ${response.status()} ${response.url()}`);
    }
  });
  return page;
}

/**
 * Elements that are wider than the window: only code and tables may be, inside scrollable boxes.
 */
const overflow = () =>
  document.documentElement.scrollWidth > innerWidth
    ? `is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`
    : null;

async function look(page, { origin, folder, size, colors, faults }) {
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(origin + path, { waitUntil: "networkidle" });
    const wide = await page.evaluate(overflow);
    if (wide) faults.push(`${path} ${wide}`);
    if (!(await page.locator("h1").first().isVisible())) faults.push(`${path} has no heading`);
    await page.screenshot({ path: join(folder, `${name}-${size}-${colors}.png`) });
  }
}

/** Searches for words and follows the first result. */
async function search(page, origin, faults) {
  const words = {
    CURLE_PEER_FAILED_VERIFICATION: "transfers",
    createFetch: "createFetch",
    SERVER_RESPONSE_TIMEOUT_MS: "EasyOptionTypes",
    socks5h: "",
  };
  for (const [word, place] of Object.entries(words)) {
    await page.goto(`${origin}/start/bun.html`, { waitUntil: "networkidle" });
    await page.keyboard.press("Control+k");
    await page.locator(".VPLocalSearchBox input").fill(word);
    const first = page.locator(".VPLocalSearchBox .result").first();
    await first.waitFor({ timeout: 10_000 });
    await first.click();
    await page.waitForFunction(() => !location.pathname.startsWith("/start/bun"), null, {
      timeout: 5_000,
    });
    if (!page.url().includes(place)) faults.push(`the search for ${word} leads to ${page.url()}`);
  }
}

/** Clicks: from the first page to one of the menu, a link in a text, and an anchor. */
async function click(page, origin, faults) {
  await page.goto(`${origin}/`, { waitUntil: "networkidle" });
  await page.getByRole("link", { name: "Start on Deno" }).click();
  await page.waitForURL("**/start/deno.html");
  await page.locator(".VPSidebar").getByRole("link", { name: "Coming from fetch" }).click();
  await page.waitForURL("**/guide/fetch.html");
  await page.locator(".vp-doc").getByRole("link", { name: "Errors of transfers" }).click();
  await page.waitForURL("**/troubleshooting/transfers.html");
  await page.goto(`${origin}/troubleshooting/transfers.html#CURLE_SSH`, {
    waitUntil: "networkidle",
  });
  await page.waitForTimeout(500);
  const top = await page.evaluate(() =>
    document.getElementById("CURLE_SSH").getBoundingClientRect().top
  );
  if (top < 0 || top > 400) faults.push(`the anchor CURLE_SSH is ${top} px from the top`);
}

async function run(executablePath, folder) {
  const { chromium: driver } = createRequire(join(TOOLS, "package.json"))("playwright-core");
  const faults = [], { origin, close } = await serve();
  const browser = await driver.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colors of ["light", "dark"]) {
        const context = await browser.newContext({ viewport, colorScheme: colors });
        const page = await open(context, origin, faults);
        await look(page, { origin, folder, size, colors, faults });
        await context.close();
      }
    }
    const context = await browser.newContext({ viewport: SIZES.desktop });
    const page = await open(context, origin, faults);
    await click(page, origin, faults);
    await search(page, origin, faults);
    process.stdout.write(`${browser.version()}: ${Object.keys(PAGES).length} kinds of pages, `);
  } finally {
    await browser.close();
    await close();
  }
  process.stdout.write(`${faults.length} faults; pictures in ${folder}\n`);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

const path = chromium(), [folder = join(DIST, ".pictures")] = process.argv.slice(2);
if (!existsSync(DIST)) throw new Error("There is no site: run `npm run docs`");
if (path) {
  mkdirSync(folder, { recursive: true });
  await run(path, folder);
} else {
  process.stdout.write(`SKIPPED: there is no Chromium (${NAMES.join(", ")}; CHROMIUM names one)\n`);
}
