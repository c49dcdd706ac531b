// Keys by prefix as a tree, one entry tier by tier, and purges with a look at what they reach.

import { ask, get, isAdmin } from "../api.js";
import {
  badge,
  button,
  bytesText,
  card,
  confirmed,
  durationText,
  field,
  fill,
  h,
  instead,
  table,
  when,
} from "../dom.js";
import { failure } from "./failure.js";

const PAGE = 200;
const PREVIEW_MAX = 1000;
/** Entries that a tag is looked for in, so many at once: an operator's calls are ten a second. */
const LOOKED_AT_MAX = 200;
const AT_ONCE = 8;
const PAUSE_MILLIS = 900;
/** A branch with more keys is opened when it is wanted. */
const OPEN_MAX = 20;

/** @param {URLSearchParams} parameters */
export async function entries(parameters) {
  const prefix = h("input", {
    name: "prefix",
    value: parameters.get("prefix") ?? "",
    placeholder: "title",
    autocomplete: "off",
    spellcheck: "false",
  });
  const tree = h("div", { class: "tree" });
  const entry = h(
    "div",
    { "aria-live": "polite" },
    h("p", { class: "empty" }, "Choose a key to see its copies, tier by tier."),
  );
  const look = async () => {
    fill(tree, h("p", { class: "quiet" }, "Looking …"));
    await list(prefix.value, undefined, tree, entry).catch((error) => fill(tree, failure(error)));
  };
  const form = h(
    "form",
    { class: "row", on: { submit: instead(look) } },
    field("Keys that begin with", prefix),
    h("button", { type: "submit", class: "primary" }, "List"),
  );
  await look();
  return [
    h("div", { class: "columns" }, card("Keys", form, tree), card("Entry", entry)),
    isAdmin() ? purgeCard() : null,
  ];
}

/**
 * @param {string} prefix @param {string | undefined} cursor @param {HTMLElement} tree @param {HTMLElement} entry
 */
async function list(prefix, cursor, tree, entry) {
  const answer = await get("/api/cache/keys", { prefix, cursor, limit: String(PAGE) });
  if (answer.keys.length === 0) {
    fill(tree, h("p", { class: "empty" }, "There are no such keys. Without a prefix all are listed."));
    return;
  }
  fill(
    tree,
    branches(answer.keys, entry),
    answer.cursor === null ? null : button("More keys", () => list(prefix, answer.cursor, tree, entry)),
  );
}

/** Groups by the resource, which is the second part of a key. @param {string[]} keys @param {HTMLElement} entry */
function branches(keys, entry) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const key of keys) {
    const group = key.split(":").slice(0, 2).join(":");
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  return h(
    "ul",
    {},
    [...groups].map(([group, members]) =>
      h(
        "li",
        {},
        h(
          "details",
          { open: groups.size === 1 || members.length <= OPEN_MAX },
          h("summary", {}, h("code", {}, group), ` ${members.length}`),
          h(
            "ul",
            {},
            members.map((key) =>
              h(
                "li",
                {},
                button(key.slice(group.length + 1), () => show(key, entry), { class: "key", title: key }),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} key @param {HTMLElement} place */
async function show(key, place) {
  fill(place, h("p", { class: "quiet" }, "Looking …"));
  const answer = await get("/api/cache/entry", { key }).catch((error) => error);
  if (answer instanceof Error) {
    fill(place, failure(answer));
    return;
  }
  fill(
    place,
    h("p", {}, h("code", { class: "wrap" }, answer.key)),
    copies(answer.tiers),
    isAdmin()
      ? button(
          "Purge this key",
          async () => {
            const what = [
              "It is gone in every tier; the next request asks the origin.",
              h("code", { class: "wrap" }, key),
            ];
            if (!(await confirmed("Purge this key?", what, "Purge"))) return;
            await ask("DELETE", "/api/cache/entry", { query: { key } }).then(
              (done) =>
                fill(
                  place,
                  h(
                    "p",
                    { role: "status" },
                    `Purged; removed from ${done.removedFrom.join(", ") || "no tier"}.`,
                  ),
                ),
              (error) => fill(place, failure(error)),
            );
          },
          { class: "danger" },
        )
      : null,
  );
}

/** @param {any[]} tiers as an entry or an explanation has them */
export function copies(tiers) {
  return table(
    [
      ["tier", (one) => one.tier],
      ["state", (one) => state(one)],
      [
        "status",
        (one) => (one.found ? `${one.status} ${one.kind === "negative" ? "(none)" : ""}` : "–"),
        "number",
      ],
      ["age", (one) => (one.found ? durationText(one.ageSeconds) : "–"), "number"],
      ["ttl", (one) => (one.found ? durationText(one.ttlSeconds) : "–"), "number"],
      [
        "size",
        (one) => (one.found ? `${bytesText(one.storedBytes)}${one.encoding ? ` ${one.encoding}` : ""}` : "–"),
        "number",
      ],
      ["created", (one) => (one.found ? when(one.createdAt) : "–")],
      ["tags", (one) => (one.found ? one.tags.join(" ") : "–"), "whole"],
    ],
    tiers,
    { caption: "The copies, tier by tier" },
  );
}

/** @param {any} one */
function state(one) {
  if (one.error !== undefined) return badge(`no answer: ${one.error}`, "bad");
  if (!one.found) return badge(one.used === false ? "not kept here" : "absent");
  if (one.purged === "hard") return badge("purged", "bad");
  return badge(one.state, one.state === "fresh" ? "good" : "warn");
}

const KINDS = /** @type {const} */ (["tags", "prefixes", "patterns", "keys"]);

function purgeCard() {
  const kind = h(
    "select",
    { name: "kind" },
    KINDS.map((one) => h("option", { value: one }, one)),
  );
  const text = h("input", {
    name: "text",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "title",
  });
  const mode = h(
    "select",
    { name: "mode" },
    h("option", { value: "soft" }, "soft: stale from now on"),
    h("option", { value: "hard" }, "hard: gone"),
  );
  const result = h("div", { "aria-live": "polite" });
  let previews = 0;
  const preview = async () => {
    const mine = ++previews;
    const say = (/** @type {Node} */ child) => {
      const isWanted = mine === previews && result.isConnected;
      if (isWanted) fill(result, child);
      return isWanted;
    };
    say(h("p", { class: "quiet" }, "Looking what it reaches …"));
    await reached(kind.value, text.value.trim(), say).catch((error) => say(failure(error)));
  };
  const purge = async () => {
    previews++;
    const what = text.value.trim();
    if (
      what === "" ||
      !(await confirmed(
        "Purge?",
        [`${kind.value}: ${what}, ${mode.value}. It holds everywhere within seconds.`],
        "Purge",
      ))
    )
      return;
    await ask("POST", "/api/cache/purge", { json: { [kind.value]: [what], mode: mode.value } }).then(
      () => fill(result, h("p", { role: "status" }, "Purged.")),
      (error) => fill(result, failure(error)),
    );
  };
  return card(
    "Purge",
    h(
      "form",
      { class: "row", on: { submit: instead(preview) } },
      field("Which", kind),
      field("Name", text),
      field("How", mode),
      h("button", { type: "submit" }, "Preview"),
      button("Purge", purge, { class: "danger" }),
    ),
    result,
  );
}

/** @typedef {(child: Node) => boolean} Say shows what is known so far; false: nobody wants to know any more */

/** What of the listed keys a purge reaches, judged as the Worker judges it. @param {string} kind @param {string} text @param {Say} say */
async function reached(kind, text, say) {
  if (text === "") {
    say(h("p", { class: "empty" }, "Write what is to be purged."));
    return;
  }
  const { keys, cursor } = await get("/api/cache/keys", {
    limit: String(PREVIEW_MAX),
    prefix: kind === "prefixes" || kind === "keys" ? text : "",
  });
  const more = cursor === null ? "" : " or more";
  if (kind === "tags") {
    await reachedByTag(text, keys, more, say);
    return;
  }
  const pattern = new RegExp(
    `^${text
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[\\s\\S]*")}$`,
  );
  const hit = keys.filter((/** @type {string} */ key) =>
    kind === "patterns" ? pattern.test(key) : kind === "keys" ? key === text : key.startsWith(text),
  );
  // A list may be asked for without the deployment's own prefix, a purge may not.
  const isShort = hit.length === 0 && kind !== "patterns" && keys.length > 0;
  say(
    h(
      "div",
      {},
      h("p", {}, `It reaches ${hit.length}${more} of the stored keys.`),
      isShort ? h("p", {}, "A purge names them as they are stored: ", h("code", {}, keys[0])) : null,
      listed(hit),
    ),
  );
}

/** @param {string[]} keys */
const listed = (keys) =>
  h(
    "ul",
    { class: "plain" },
    keys.slice(0, 20).map((key) => h("li", {}, h("code", { class: "wrap" }, key))),
  );

/** Tags are the entries' own, so these are looked at one by one. @param {string} tag @param {string[]} keys @param {string} more @param {Say} say */
async function reachedByTag(tag, keys, more, say) {
  const looked = keys.slice(0, LOOKED_AT_MAX);
  /** @type {string[]} */
  const hit = [];
  for (let at = 0; at < looked.length || at === 0; at += AT_ONCE) {
    const some = looked.slice(at, at + AT_ONCE);
    const seen = await Promise.all(some.map((key) => get("/api/cache/entry", { key }).catch(() => null)));
    some.forEach((key, i) => {
      if (seen[i]?.tiers.some((/** @type {any} */ tier) => tier.tags?.includes(tag))) hit.push(key);
    });
    const count = at + some.length;
    const isWanted = say(
      h(
        "div",
        {},
        h(
          "p",
          {},
          `${hit.length} of the ${count} stored keys that were looked at carry this tag; there are ${keys.length}${more}.`,
        ),
        listed(hit),
      ),
    );
    if (!isWanted || count >= looked.length) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
}
