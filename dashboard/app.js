// The dashboard: signing in, the views, and looking again while the page is seen.

import { isAdmin, isSignedIn, signIn, signOut } from "./api.js";
import { badge, button, field, fill, h, instead } from "./dom.js";
import { alerts } from "./views/alerts.js";
import { audit } from "./views/audit.js";
import { candidates } from "./views/candidates.js";
import { cold } from "./views/cold.js";
import { costs } from "./views/costs.js";
import { entries } from "./views/entries.js";
import { experiments, forget as forgetExperiments } from "./views/experiments.js";
import { explain } from "./views/explain.js";
import { failure } from "./views/failure.js";
import { forget as forgetLooks, overview } from "./views/overview.js";
import { patterns } from "./views/patterns.js";
import { settings } from "./views/settings.js";
import { forget as forgetUpload, warming } from "./views/warming.js";

/** How often what is seen is looked at again; 0: when it is asked for. */
const LIVE_MILLIS = 5000;
const CALM_MILLIS = 30_000;

/**
 * @typedef {(parameters: URLSearchParams) => Promise<(Node | string | null)[]>} Show
 * @type {[string, string, Show, number][]}
 */
const VIEWS = [
  ["overview", "Overview", overview, LIVE_MILLIS],
  ["patterns", "Key patterns", patterns, CALM_MILLIS],
  ["candidates", "Candidates", candidates, CALM_MILLIS],
  ["entries", "Entries", entries, 0],
  ["explain", "Explain", explain, 0],
  ["warming", "Warming", warming, LIVE_MILLIS],
  ["cold", "Cold storage", cold, CALM_MILLIS],
  ["experiments", "Experiments", experiments, CALM_MILLIS],
  ["alerts", "Alerts", alerts, CALM_MILLIS],
  ["settings", "Settings", settings, 0],
  ["audit", "Audit log", audit, 0],
  ["costs", "Costs", costs, CALM_MILLIS],
];

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const main = h("main", { id: "view", tabindex: "-1" });
const status = h("span", { role: "status", class: "quiet" });
const nav = h("nav", { "aria-label": "Views" });
/** What was asked for and not done. It stays until another view is opened, or something else is done. */
const undone = h("div", { id: "undone", "aria-live": "assertive" });
let live = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** Of the rendering that counts: an earlier one that ends later is dropped. */
let turn = 0;

/** @returns {{view: [string, string, Show, number], parameters: URLSearchParams}} */
function place() {
  const [name = "", query = ""] = location.hash.replace(/^#\//, "").split("?");
  const view =
    VIEWS.find(([one]) => one === name) ?? /** @type {[string, string, Show, number]} */ (VIEWS[0]);
  return { view, parameters: new URLSearchParams(query) };
}

/** What the reader has opened, scrolled and focused, to be as it was when the view is made anew. */
function postureOf() {
  const opened = [...main.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...main.querySelectorAll(".scroller")].map((one) => [one.scrollLeft, one.scrollTop]);
  const focusable = [...main.querySelectorAll("button, a, summary, .scroller, pre")];
  const focused = document.activeElement === null ? -1 : focusable.indexOf(document.activeElement);
  return () => {
    [...main.querySelectorAll("details")].forEach((one, i) => {
      one.open = opened[i] ?? one.open;
    });
    [...main.querySelectorAll(".scroller")].forEach((one, i) => {
      [one.scrollLeft, one.scrollTop] = scrolled[i] ?? [0, 0];
    });
    const again = [...main.querySelectorAll("button, a, summary, .scroller, pre")][focused];
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  };
}

/** @param {"new" | "again"} how */
async function render(how) {
  clearTimeout(timer);
  const mine = ++turn;
  const { view, parameters } = place();
  const [name, title, show, every] = view;
  if (how === "new") {
    fill(undone);
    document.title = `${title} – Larder`;
    for (const link of nav.querySelectorAll("a")) {
      if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    fill(main, h("h1", {}, title), h("p", { class: "quiet" }, "Looking …"));
    nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const shown = await show(parameters).catch((error) => [failure(error)]);
  if (mine !== turn || !isSignedIn()) return;
  const posture = how === "again" ? postureOf() : () => main.focus({ preventScroll: true });
  fill(main, h("h1", {}, title), ...shown);
  main.dataset.shown = name;
  posture();
  status.textContent = `Seen at ${new Date().toLocaleTimeString("en-GB")}`;
  if (every > 0 && live && !document.hidden) timer = setTimeout(() => render("again"), every);
}

function begin() {
  const pause = button(
    "Pause",
    () => {
      live = !live;
      pause.textContent = live ? "Pause" : "Go on";
      pause.setAttribute("aria-label", live ? "Pause live updates" : "Go on with live updates");
      render("again");
    },
    { "aria-label": "Pause live updates" },
  );
  fill(
    nav,
    h(
      "ul",
      {},
      VIEWS.map(([name, title]) => h("li", {}, h("a", { href: `#/${name}` }, title))),
    ),
  );
  fill(
    app,
    h(
      "a",
      {
        class: "skip",
        href: "#view",
        on: { click: instead(() => main.focus()) },
      },
      "Skip to the view",
    ),
    h(
      "header",
      {},
      h("span", { class: "brand" }, "Larder"),
      h("span", { class: "grow" }),
      status,
      pause,
      themeButton(),
      badge(isAdmin() ? "admin" : "viewer"),
      button("Sign out", leave),
    ),
    h("div", { class: "frame" }, nav, h("div", { class: "shown" }, undone, main)),
  );
  render("new");
}

function leave() {
  clearTimeout(timer);
  turn++;
  signOut();
  forgetLooks();
  forgetExperiments();
  forgetUpload();
  fill(main);
  welcome();
}

function themeButton() {
  const root = document.documentElement;
  const isDark = () =>
    root.dataset.theme === "dark" ||
    (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
  const toggle = button(
    isDark() ? "Light" : "Dark",
    () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      toggle.textContent = isDark() ? "Light" : "Dark";
      if (isSignedIn()) render("again");
    },
    { "aria-label": "Change between light and dark" },
  );
  return toggle;
}

function welcome() {
  const token = h("input", {
    type: "password",
    name: "token",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const said = h("div", { "aria-live": "assertive" });
  const press = h("button", { type: "submit", class: "primary" }, "Sign in");
  document.title = "Sign in – Larder";
  fill(
    app,
    h(
      "main",
      { class: "lone" },
      h("h1", {}, "Larder"),
      h(
        "p",
        {},
        "What is in the cache, what it saves, and what is to be done. It needs a token of an operator.",
      ),
      h(
        "form",
        {
          on: {
            submit: async (/** @type {Event} */ event) => {
              event.preventDefault();
              press.disabled = true;
              const failed = await signIn(token.value).then(
                () => null,
                (error) => error,
              );
              press.disabled = false;
              if (failed === null) begin();
              else fill(said, h("p", { class: "failure" }, failed.message));
            },
          },
        },
        field("Token", token, "It stays in this page's memory, and is gone when the page is."),
        press,
      ),
      said,
      h(
        "p",
        { class: "quiet" },
        "Make one with ",
        h("code", {}, "npm run --silent token -- --role viewer"),
        " (or ",
        h("code", {}, "admin"),
        "), or take your identity provider's.",
      ),
      h("p", { class: "quiet" }, h("a", { href: "/openapi.json" }, "The API's description")),
    ),
  );
  token.focus();
}

addEventListener("hashchange", () => {
  if (isSignedIn()) render("new");
});
addEventListener("refresh", () => {
  fill(undone);
  if (isSignedIn()) render("again");
});
addEventListener("failed", (event) => {
  if (!isSignedIn()) return;
  fill(undone, failure(/** @type {CustomEvent} */ (event).detail, "This was not done."));
  undone.scrollIntoView({ block: "nearest" });
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden && isSignedIn() && live && place().view[3] > 0) render("again");
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (isSignedIn()) render("again");
});
welcome();
