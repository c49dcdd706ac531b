// The dashboard in Chromium, served by what npm run dev starts: every view in both themes, on a phone's width and on a wide
// screen, with traffic, a job, a firing alert and an experiment. Pictures of them lie in build/screenshots; BROWSER_RUN=whole makes all of them.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { createCatalogue } from "../../catalogue/server.js";
import { Children } from "../../scripts/children.js";
import { freePort } from "../../scripts/listening.js";
import { startStack } from "../../scripts/stack.js";
import { agentsResource, bringToLife, MARKUP, SECRET, tokenOf } from "../runtime/operators_api.js";
import { startWorker } from "../runtime/support.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = "build/screenshots";
const VIEWS = [
  "overview",
  "patterns",
  "candidates",
  "entries",
  "explain?url=/search/title%3Fq%3Ddune",
  "warming",
  "cold",
  "experiments",
  "alerts",
  "settings",
  "audit",
  "costs",
];

const children = new Children();
const store = mkdtempSync(join(tmpdir(), "larder-browser-"));
/** @type {{url: URL}} */
let worker;
/** @type {import("playwright-core").Browser} */
let browser;

/** What `npm run dev` starts, with a store of its own. */
async function startDev() {
  const { worker: address, origin } = await startStack(children, {
    port: await freePort(0),
    cataloguePort: await freePort(0),
    origin: null,
    output: "ignore",
    wranglerArguments: [
      "--persist-to",
      store,
      ...["OPENLIBRARY_RATE:200", "LOG_LEVEL:off", `ADMIN_JWT_SECRET:${SECRET}`].flatMap((one) => [
        "--var",
        one,
      ]),
    ],
  });
  const url = new URL(address);
  const get = (/** @type {string} */ path, /** @type {RequestInit} */ init) =>
    fetch(new URL(path, url), init);
  await bringToLife(
    {
      get,
      until: async (/** @type {() => Promise<boolean>} */ condition) => {
        while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
      },
      // Fires a trigger, as the platform does.
      trigger: async (/** @type {string} */ cron) => {
        const fired = await get(`/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(cron)}`, {});
        assert.equal(await fired.text(), "ok");
      },
    },
    { url: String(origin) },
  );
  return { url };
}

before(async () => {
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  worker = await startDev();
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await children.stop();
  rmSync(store, { recursive: true, force: true });
});

/**
 * A page on which nothing may go wrong: `faults` has what did.
 * @param {{width: number, theme: "light" | "dark", token: string | null, at?: URL}} how
 */
async function open({ width, theme, token, at = worker.url }) {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 800 : 1000 },
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on("console", (message) => {
    // The audit log tells an admin from a viewer by a 403, which the browser logs by itself.
    const isRole = /403/.test(message.text()) && /\/api\/audit\?/.test(message.location().url);
    if (["error", "warning"].includes(message.type()) && !isRole) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
  });
  await page.goto(new URL("/dashboard", at).href);
  if (token !== null) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("#view[data-shown]").waitFor();
  }
  return { page, context, faults };
}

/** @param {import("playwright-core").Page} page @param {string} view */
async function show(page, view) {
  const name = view.split("?")[0] ?? "";
  await page.evaluate((hash) => {
    document.querySelector("#view")?.removeAttribute("data-shown");
    location.hash = hash;
  }, `#/${view}`);
  await page.locator(`#view[data-shown="${name}"]`).waitFor();
}

/** What axe finds serious or worse. The page's policy lets no script in, so it comes through the debugger. @param {import("playwright-core").Page} page */
async function unfit(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate("axe.run({ resultTypes: ['violations'] })");
  return violations
    .filter((/** @type {any} */ one) => ["serious", "critical"].includes(one.impact))
    .map(
      (/** @type {any} */ one) =>
        `${one.id}: ${one.nodes.map((/** @type {any} */ node) => node.html.slice(0, 120)).join(" | ")}`,
    );
}

/** @type {["light" | "dark", number][]} */
const LOOKS = [
  ["light", 360],
  ["dark", 1600],
];
// The gate is content with each theme and each width once.
if (process.env.BROWSER_RUN === "whole") LOOKS.push(["dark", 360], ["light", 1600]);

for (const [theme, width] of LOOKS) {
  test(`every view: ${theme}, ${width} pixels`, { timeout: 120_000 }, async () => {
    const { page, context, faults } = await open({ width, theme, token: await tokenOf() });
    for (const view of VIEWS) {
      await show(page, view);
      const name = view.split("?")[0];
      assert.equal(
        await page.locator(".failure").count(),
        0,
        `${name}: ${await page.locator("#view").textContent()}`,
      );
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
      await page.screenshot({ path: `${PICTURES}/${name}-${theme}-${width}.png`, fullPage: true });
      assert.deepEqual(await unfit(page), [], `${name}, ${theme}, ${width}`);
    }
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("what comes from outside shows as text everywhere", { timeout: 120_000 }, async (t) => {
  const catalogue = createCatalogue();
  const origin = await catalogue.listen(0);
  t.after(() => catalogue.close());
  const declarations = JSON.parse(readFileSync("larder.json", "utf8"));
  declarations.resources.push(agentsResource(origin));
  const bindings = { ADMIN_JWT_SECRET: SECRET, LEDGER_SHARDS: "1", OPENLIBRARY_RATE: "200" };
  const other = await startWorker("wasi", { origin: origin.url, declarations, bindings, cold: true });
  t.after(() => other.stop());
  await bringToLife(other, origin);
  const { page, context, faults } = await open({
    width: 1600,
    theme: "light",
    token: await tokenOf(),
    at: other.url,
  });
  const shown = async (/** @type {string} */ text) =>
    assert.ok((await page.locator("#view").textContent()).includes(text), `${text} is not shown as it is`);
  await show(page, "experiments");
  await shown(MARKUP);
  await show(page, `explain?url=${encodeURIComponent(`/search/title?q=${encodeURIComponent(MARKUP)}`)}`);
  await shown("img%20src=x");
  await show(page, `explain?url=${encodeURIComponent(`/${MARKUP}`)}`);
  await show(page, "entries?prefix=title");
  await shown("img%20src=x");
  // A user agent is kept where it is part of a key.
  await show(page, "entries?prefix=agents");
  await shown("img%20src=x");
  await show(page, "audit");
  await shown(MARKUP);
  await show(page, "entries");
  await page.getByLabel("Keys that begin with").fill(MARKUP);
  await page.getByRole("button", { name: "List" }).click();
  await page.getByText("There are no such keys").waitFor();
  // What an API that was taken over might say.
  await page.route("**/api/advice", (route) =>
    route.fulfill({
      json: { advice: [{ name: MARKUP, level: MARKUP, what: MARKUP, help: MARKUP }], looksAtCounts: true },
    }),
  );
  await show(page, "overview");
  await shown(MARKUP);
  await page.route("**/api/warming/dlq", (route) =>
    route.fulfill({
      json: {
        letters: [{ id: 1, at: null, author: MARKUP, reason: MARKUP, message: MARKUP }],
        next: 0,
        depth: 1,
      },
    }),
  );
  await show(page, "warming");
  await shown(MARKUP);
  await page.route("**/api/audit?*", (route) =>
    route.fulfill({
      json: {
        entries: [
          {
            at: MARKUP,
            who: MARKUP,
            role: "",
            from: MARKUP,
            method: "GET",
            path: MARKUP,
            status: 200,
            count: 1,
            what: MARKUP,
          },
        ],
        cursor: null,
      },
    }),
  );
  await show(page, "audit");
  await shown(MARKUP);
  await page.route("**/api/costs", (route) =>
    route.fulfill({
      status: 503,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 503, detail: MARKUP }),
    }),
  );
  await show(page, "costs");
  await shown(MARKUP);
  assert.equal(await page.evaluate("window.acted"), undefined);
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(
    faults.filter((fault) => !/status of 503/.test(fault)),
    [],
  );
  await context.close();
});

test("a viewer sees, and changes nothing; a token that does not count is refused", async () => {
  const { page, context } = await open({ width: 1600, theme: "light", token: await tokenOf("viewer") });
  await page.getByText("viewer", { exact: true }).waitFor();
  for (const view of ["settings", "alerts", "warming", "experiments", "entries"]) {
    await show(page, view);
    const names = await page.locator("#view button").allInnerTexts();
    const changes = names.filter((name) =>
      /^(Change|Silence|Warm|Purge|Promote|Stop|Cancel|Send)/.test(name),
    );
    assert.deepEqual(changes, [], view);
  }
  await show(page, "audit");
  await page.getByText("The audit log is for admins").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill("garbage");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".failure").waitFor();
  await page.reload();
  await page.getByLabel("Token").waitFor();
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [
    0,
    0,
    "",
  ]);
  await page.screenshot({ path: `${PICTURES}/sign-in-light-1600.png` });
  await context.close();
});

test("an admin changes a setting after a question, silences an alert, uploads a list and explains", async () => {
  const { page, context, faults } = await open({ width: 1600, theme: "dark", token: await tokenOf() });
  await show(page, "settings");
  await page.getByRole("button", { name: "Change ENABLE_SWR" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("false");
  await page.screenshot({ path: `${PICTURES}/question-dark-1600.png` });
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.getByText("runtime", { exact: true }).count(), 0);
  await page.getByRole("button", { name: "Change ENABLE_SWR" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("false");
  await page.getByRole("dialog").getByRole("button", { name: "Change", exact: true }).click();
  await page.getByText("runtime", { exact: true }).waitFor();
  await page.getByRole("button", { name: "ENABLE_SWR as deployed" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
  await page.getByText("runtime", { exact: true }).waitFor({ state: "detached" });

  await show(page, "alerts");
  await page.getByText("firing", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Silence budget_burns_fast" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Silence" }).click();
  await page.getByText("silent until").waitFor();

  await show(page, "warming");
  await page.setInputFiles('input[type="file"]', {
    name: "list.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("Title,Author\nEmma,Jane Austen\n"),
  });
  await page.getByRole("button", { name: "Warm", exact: true }).click();
  await page.getByText(/^Job [\w-]+: 1 authors\./).waitFor();

  await show(page, "entries?prefix=title");
  await page.getByRole("button", { name: "v3:dune", exact: true }).click();
  await page.getByRole("button", { name: "Purge this key" }).waitFor();
  await page.screenshot({ path: `${PICTURES}/entry-dark-1600.png`, fullPage: true });
  assert.deepEqual(faults, []);
  await context.close();
});

/** An experiment as the API tells of it. @param {string} id @param {Record<string, unknown>} [more] */
const experimentNamed = (id, more = {}) => ({
  id,
  state: "running",
  run: 1,
  step: 0,
  began: Date.UTC(2026, 10, 1),
  changed: Date.UTC(2026, 10, 1),
  serial: 1,
  declaration: { name: id, hypothesis: `Why ${id}.`, variants: [] },
  ...more,
});

/** A look at it. @param {number} half of the interval's width @param {string} state of the guardrail */
const looked = (half, state) => ({
  variants: [
    { variant: "day", requests: 1000, units: 400 },
    {
      variant: "week",
      requests: 1000,
      units: 410,
      primary: { metric: "hit_rate", effect: 4, low: 4 - half, high: 4 + half, words: "In words." },
      guardrails: [{ metric: "error_rate", effect: 1, low: 0, high: 2, words: "", state }],
    },
  ],
});

test("experiments: what is under way comes first, harm is seen as harm, intervals narrow from night to night", async () => {
  const { page, context, faults } = await open({ width: 1600, theme: "light", token: await tokenOf() });
  const ended = Array.from({ length: 8 }, (_, i) =>
    experimentNamed(`ended-${i}`, { state: "stopped", changed: Date.UTC(2026, 10, 24, i) }),
  );
  const all = [...ended, experimentNamed("at-work", { began: Date.UTC(2026, 10, 20) })];
  await page.route("**/api/experiments", (route) =>
    route.fulfill({ json: { experiments: all, templates: [] } }),
  );
  await page.route("**/api/experiments/*", (route) => {
    const one = all.find(({ id }) => route.request().url().endsWith(`/${id}`));
    const nights = [3, 2, 1].map((half) => ({
      at: Date.UTC(2026, 10, 24 - half, 3),
      call: "look",
      actor: "larder",
      reason: "Nothing is shown yet.",
      numbers: looked(half, "open"),
    }));
    const analysis = { call: "go-on", reason: "Nothing is shown yet.", numbers: looked(0.5, "harmed") };
    return route.fulfill({ json: { ...one, analysis, decisions: nights.reverse() } });
  });
  await show(page, "experiments");
  const titles = await page.locator("#view h2").allTextContents();
  assert.deepEqual(titles, ["at-work", ...[7, 6, 5, 4, 3].map((i) => `ended-${i}`), "Earlier ones"]);
  assert.equal(await page.getByRole("row", { name: /^ended-/ }).count(), 3);
  const first = page.locator(".card").first();
  assert.equal(await first.locator(".badge.bad").textContent(), "error_rate: harmed");
  // Three nights and now, the newest first, and told apart.
  await first.getByText("Show as a table").click();
  const rows = first.locator("details", { hasText: "Show as a table" }).locator("tbody tr");
  const widths = [];
  for (const row of await rows.all()) {
    const cells = await row.locator("td").allTextContents();
    widths.push(Number(cells[2]) - Number(cells[0]));
  }
  assert.deepEqual(widths, [1, 2, 4, 6]);
  const nights = (await rows.locator("th").allTextContents()).slice(1);
  assert.deepEqual(
    nights.map((text) => text.split(" ")[0]),
    ["23", "22", "21"],
  );
  // Of each a chart is drawn, whichever answer came last.
  await page.waitForFunction(() => document.querySelectorAll("#view canvas").length === 6);
  await page.screenshot({ path: `${PICTURES}/narrowing-light-1600.png`, fullPage: true });
  assert.deepEqual(await unfit(page), []);
  assert.deepEqual(faults, []);
  await context.close();
});

test("what is worst is seen as worst: alerts that page, advice on faults", async () => {
  const { page, context } = await open({ width: 1600, theme: "light", token: await tokenOf() });
  const advice = ["fault", "warning", "note"].map((level) => ({ name: level, level, what: level, help: "" }));
  await page.route("**/api/advice", (route) => route.fulfill({ json: { advice, looksAtCounts: true } }));
  await show(page, "entries");
  await show(page, "overview");
  const badges = await page
    .locator("#view table .badge")
    .evaluateAll((found) => found.map((one) => `${one.className} ${one.textContent}`));
  for (const wanted of [
    "badge bad page",
    "badge warn ticket",
    "badge bad fault",
    "badge warn warning",
    "badge calm note",
  ]) {
    assert.ok(badges.includes(wanted), `${wanted} of ${badges.join(", ")}`);
  }
  await context.close();
});

test("the preview of a purge says what that purge reaches", async () => {
  const { page, context, faults } = await open({ width: 1600, theme: "light", token: await tokenOf() });
  const keys = Array.from({ length: 20 }, (_, i) => `larder:${i < 12 ? "title" : "isbn"}:v3:k${i}`);
  await page.route("**/api/cache/keys?*", (route) => {
    const asked = new URL(route.request().url()).searchParams.get("prefix") ?? "";
    const prefix = asked.startsWith("larder:") ? asked : `larder:${asked}`;
    return route.fulfill({ json: { keys: keys.filter((key) => key.startsWith(prefix)), cursor: null } });
  });
  await page.route("**/api/cache/entry?*", (route) => {
    const key = new URL(route.request().url()).searchParams.get("key") ?? "";
    const tags = /k(3|17)$/.test(key) ? ["dune", "book"] : ["book"];
    return route.fulfill({ json: { key, tiers: [{ tier: "kv", found: true, tags }] } });
  });
  await show(page, "entries");
  const card = page.locator(".card").filter({ has: page.getByRole("heading", { name: "Purge" }) });
  /** @type {[string, string, string][]} */
  const previews = [
    ["prefixes", "larder:title", "It reaches 12 of the stored keys."],
    ["prefixes", "title", "It reaches 0 of the stored keys."],
    ["keys", "larder:isbn:v3:k12", "It reaches 1 of the stored keys."],
    ["patterns", "*:k1*", "It reaches 11 of the stored keys."],
    ["tags", "dune", "2 of the 20 stored keys that were looked at carry this tag; there are 20."],
  ];
  for (const [kind, text, said] of previews) {
    await card.getByLabel("Which").selectOption(kind);
    await card.getByLabel("Name").fill(text);
    await card.getByRole("button", { name: "Preview" }).click();
    await card.getByText(said).waitFor();
    if (text === "title") await card.getByText("as they are stored: larder:title:v3:k0").waitFor();
  }
  assert.deepEqual(await card.locator("li").allTextContents(), ["larder:title:v3:k3", "larder:isbn:v3:k17"]);
  assert.deepEqual(faults, []);
  await context.close();
});

test("what could not be done is said, and what to do", async () => {
  const { page, context } = await open({ width: 360, theme: "light", token: await tokenOf() });
  const refused = (/** @type {number} */ status, /** @type {string} */ detail) => ({
    status,
    contentType: "application/problem+json",
    body: JSON.stringify({ title: "Refused", status, detail }),
  });
  /** @type {[string, string, string, string, string][]} view, path, button, button of the question, what is refused */
  const acts = [
    ["experiments", "**/api/experiments/*/promote?*", "Promote", "Promote", "It has changed meanwhile."],
    ["experiments", "**/api/experiments/*/rollback", "Stop, or roll back", "Stop", "Nothing to take back."],
    ["alerts", "**/api/alerts/*/silence", "Silence budget_leaks", "Silence", "The ledger gives no answer."],
  ];
  for (const [view, path, press, yes, detail] of acts) {
    await page.route(path, (route) => route.fulfill(refused(503, detail)));
    await show(page, "settings");
    await show(page, view);
    await page.getByRole("button", { name: press }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: yes, exact: true }).click();
    const said = page.locator("#undone .failure");
    await said.waitFor();
    assert.equal(await said.textContent(), `This was not done. ${detail}`);
    const [place, head] = [await said.boundingBox(), await page.locator("header").boundingBox()];
    assert.ok(place && head && place.y >= head.y + head.height, "it lies below the header");
  }
  assert.deepEqual(await unfit(page), []);
  await page.screenshot({ path: `${PICTURES}/undone-light-360.png` });
  await show(page, "costs");
  assert.equal(await page.locator("#undone .failure").count(), 0);
  await context.close();
});

/** Six hours with a lull, in which nothing was asked. */
function sixHours() {
  const until = Math.floor(Date.now() / 60_000) * 60_000;
  const points = [];
  for (let minute = 0; minute < 360; minute++) {
    if (minute > 120 && minute < 150) continue;
    const reads = 200 + Math.round(80 * Math.sin(minute / 40));
    const misses = Math.round(reads * (0.08 + 0.3 / (1 + minute / 20)));
    const hits = reads - misses;
    points.push({
      at: new Date(until - (360 - minute) * 60_000).toISOString(),
      reads,
      hits,
      hitRatio: hits / reads,
      originRequests: misses,
      originRequestsSaved: hits,
      tiers: {
        memory: { hits: Math.round(hits * 0.7), misses: 1, hitRatio: (hits * 0.7) / reads },
        kv: { hits: Math.round(hits * 0.3), misses: 1, hitRatio: (hits * 0.3) / reads },
      },
      latency: { p50: 0.0005, p95: 0.2 + (minute % 7) / 100, p99: 0.9 + (minute % 11) / 20 },
    });
  }
  const at = new Date(until).toISOString();
  return { from: new Date(until - 21_600_000).toISOString(), until: at, bucketSeconds: 60, points };
}

for (const [theme, width] of LOOKS) {
  test(`six hours of history: ${theme}, ${width} pixels`, async () => {
    const { page, context, faults } = await open({ width, theme, token: await tokenOf() });
    /** @type {string[]} */
    const asked = [];
    const past = sixHours();
    await page.route("**/api/metrics/history?*", (route) => {
      asked.push(new URL(route.request().url()).searchParams.get("span") ?? "");
      const isFull = asked.at(-1) === "6h";
      return route.fulfill({ json: isFull ? past : { ...past, points: [] } });
    });
    await show(page, "entries");
    await show(page, "overview");
    await page.getByRole("button", { name: "7 days" }).click();
    await page.getByText("Nothing was asked for in this time.").waitFor();
    await page.getByRole("button", { name: "6 hours" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#view canvas").length === 3);
    assert.deepEqual(asked.slice(-2), ["7d", "6h"]);
    assert.equal(await page.locator('.past button[aria-pressed="true"]').textContent(), "6 hours");
    const last = past.points.at(-1);
    const rows = page
      .locator("details", { has: page.locator("summary") })
      .first()
      .locator("tbody tr");
    assert.equal(await rows.count(), past.points.length);
    await page.locator(".past summary").first().click();
    const cells = await rows.first().locator("td").allTextContents();
    assert.deepEqual(
      cells,
      [last?.hitRatio, last?.tiers.memory.hitRatio, last?.tiers.kv.hitRatio].map(
        (share) => `${((share ?? 0) * 100).toFixed(0)} %`,
      ),
    );
    // In the lull copies saved nothing, and no request was made.
    const third = page.locator(".past details").nth(2).locator("tbody tr");
    assert.equal(await third.count(), 360);
    assert.deepEqual(
      await third
        .nth(360 - 130)
        .locator("td")
        .allTextContents(),
      ["0", "0"],
    );
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `it is ${overflow} pixels too wide`);
    assert.deepEqual(await unfit(page), []);
    await page.locator(".past summary").first().click();
    await page.screenshot({ path: `${PICTURES}/history-${theme}-${width}.png`, fullPage: true });
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("live updates go on while the page is seen, and stop when it is hidden", async () => {
  const { page, context } = await open({ width: 1600, theme: "light", token: await tokenOf() });
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/metrics")) asked += 1;
  });
  await page.clock.install();
  await show(page, "entries");
  await show(page, "overview");
  assert.equal(asked, 1);
  const lookedAgain = page.waitForResponse(/\/api\/costs$/);
  await page.clock.runFor(5100);
  await lookedAgain;
  await page.waitForFunction(() => document.querySelectorAll("#view canvas").length === 3);
  assert.equal(asked, 2);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.clock.runFor(60_000);
  assert.equal(asked, 2);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForResponse(/\/api\/costs$/);
  assert.equal(asked, 3);
  await page.screenshot({ path: `${PICTURES}/overview-live-light-1600.png`, fullPage: true });
  // What is seen no more is not kept: of all the looks there are the canvases of the last one or two.
  for (let look = 0; look < 6; look++) {
    const shown = page.waitForResponse(/\/api\/costs$/);
    await page.clock.runFor(5100);
    await shown;
    await page.waitForFunction(() => document.querySelectorAll("#view canvas").length === 3);
  }
  const debug = await context.newCDPSession(page);
  const { result } = await debug.send("Runtime.evaluate", { expression: "HTMLCanvasElement.prototype" });
  const { objects } = await debug.send("Runtime.queryObjects", {
    prototypeObjectId: String(result.objectId),
  });
  const counted = await debug.send("Runtime.callFunctionOn", {
    objectId: String(objects.objectId),
    functionDeclaration: "function () { return this.length; }",
  });
  assert.ok(counted.result.value <= 6, `${counted.result.value} canvases`);
  await context.close();
});
