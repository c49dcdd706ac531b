// The stand-in for language models, over HTTP as Larder asks it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createCatalogue } from "../../catalogue/server.js";

const PROFILE = JSON.stringify({
  systems: [
    { name: "Liver", percentage: 10 },
    { name: "Heart", percentage: 80.5 },
  ],
});
const GEMINI = "/v1beta/models/gemini-3.5-flash-lite:generateContent";
const OPENAI = "/v1/chat/completions";

/** @type {import("../../catalogue/server.js").Catalogue} */
let catalogue;
/** @type {string} */
let url;
beforeEach(async () => {
  catalogue = createCatalogue();
  ({ url } = await catalogue.listen());
});
afterEach(() => catalogue.close());

const WITH_KEY = { "x-goog-api-key": "any" };
/** @param {string} path @param {unknown} body @param {Record<string, string>} [headers] */
const post = (path, body, headers = WITH_KEY) =>
  fetch(url + path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const asGemini = () => post(GEMINI, { contents: [{ role: "user", parts: [{ text: PROFILE }] }] });
const asOpenai = () => post(OPENAI, { model: "small", messages: [{ role: "user", content: PROFILE }] });
/** @param {object} settings */
const set = (settings) =>
  fetch(`${url}/_control/settings`, { method: "PUT", body: JSON.stringify(settings) });

test("Gemini's shape: the same question has the same answer, with its tokens", async () => {
  const reply = await (await asGemini()).json();
  const { content, finishReason } = reply.candidates[0];
  assert.equal(finishReason, "STOP");
  assert.equal(
    content.parts[0].text,
    "You lead with Heart, at 80.5 %. Beside it you have Liver. This text is the local stand-in's.",
  );
  assert.equal(reply.usageMetadata.promptTokenCount, Math.ceil(PROFILE.length / 4));
  assert.deepEqual(await (await asGemini()).json(), reply);
});

test("OpenAI's shape has the same text", async () => {
  const reply = await (await asOpenai()).json();
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.match(reply.choices[0].message.content, /^You lead with Heart/);
  assert.equal(reply.usage.prompt_tokens, Math.ceil(PROFILE.length / 4));
});

const LIST = JSON.stringify({
  columns: [
    { index: 0, header: "Nr" },
    { index: 1, header: " VERFASSER " },
    { index: 2, header: "Titel" },
  ],
});
const SCHEMA = {
  type: "object",
  properties: {
    columns: {
      type: "array",
      items: {
        type: "object",
        properties: { index: { enum: [0, 1, 2] }, column: { enum: ["title", "author"] } },
      },
    },
  },
};
/** @param {object} generationConfig @param {Record<string, string>} [headers] */
const askColumns = (generationConfig, headers) =>
  post(GEMINI, { contents: [{ parts: [{ text: LIST }] }], generationConfig }, headers);
const AS_JSON = { responseMimeType: "application/json", responseJsonSchema: SCHEMA };
const COLUMNS = {
  columns: [
    { index: 2, column: "title" },
    { index: 1, column: "author" },
  ],
};

test("an answer by a schema follows it, in both shapes", async () => {
  const reply = await (await askColumns(AS_JSON)).json();
  assert.deepEqual(JSON.parse(reply.candidates[0].content.parts[0].text), COLUMNS);
  const response_format = { type: "json_schema", json_schema: { name: "answer", schema: SCHEMA } };
  const other = await post(OPENAI, { model: "m", messages: [{ content: LIST }], response_format });
  assert.deepEqual(JSON.parse((await other.json()).choices[0].message.content), COLUMNS);
});

test("it refuses a schema that it does not know, one without its media type, and the reverse", async () => {
  assert.equal((await askColumns({ responseJsonSchema: SCHEMA })).status, 400);
  assert.equal((await askColumns({ responseMimeType: "application/json" })).status, 400);
  assert.equal((await askColumns({ ...AS_JSON, responseJsonSchema: { type: "object" } })).status, 400);
  const nameless = { type: "json_schema", json_schema: { schema: SCHEMA } };
  const body = { model: "m", messages: [{ content: LIST }], response_format: nameless };
  assert.equal((await post(OPENAI, body)).status, 400);
});

test("told to be malformed, it answers in prose where JSON is asked for", async () => {
  await set({ model: "malformed" });
  const reply = await (await askColumns(AS_JSON)).json();
  assert.match(reply.candidates[0].content.parts[0].text, /^I would say/);
  assert.match((await (await asGemini()).json()).candidates[0].content.parts[0].text, /^You lead with Heart/);
});

test("Gemini answers nobody without a key", async () => {
  assert.equal((await askColumns(AS_JSON, {})).status, 403);
});

test("calls are counted by their path", async () => {
  await asGemini();
  await asGemini();
  await asOpenai();
  const { total, urls } = await (await fetch(`${url}/_control/requests`)).json();
  assert.equal(total, 3);
  assert.deepEqual(urls, { [GEMINI]: 2, [OPENAI]: 1 });
});

for (const [model, status, finish] of /** @type {const} */ ([
  ["truncated", 200, "MAX_TOKENS"],
  ["empty", 200, "STOP"],
  ["blocked", 200, undefined],
  ["failed", 503, undefined],
  ["limited", 429, undefined],
  ["refused", 400, undefined],
])) {
  test(`it can be told to be ${model}`, async () => {
    await set({ model });
    const response = await asGemini();
    assert.equal(response.status, status);
    assert.equal(response.headers.get("retry-after"), model === "limited" ? "2" : null);
    const reply = await response.json();
    assert.equal(reply.candidates?.[0].finishReason, finish);
    if (model === "blocked") assert.equal(reply.promptFeedback.blockReason, "SAFETY");
    assert.equal((await asOpenai()).status, status);
    await set({ model: null });
    assert.equal((await asGemini()).status, 200);
  });
}

test("the settings of the network hold for it too", async () => {
  await set({ faultRate: 1 });
  assert.equal((await asGemini()).status, 500);
  await set({ faultRate: 0, down: true });
  await assert.rejects(asGemini());
});

test("what is no question is refused, and so is another method", async () => {
  assert.equal((await post(GEMINI, "{")).status, 400);
  assert.equal((await post(OPENAI, { messages: [] })).status, 400);
  const response = await fetch(url + GEMINI);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "POST");
});

test("a fault that is none is refused by name", async () => {
  const response = await set({ model: "tired" });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /model must be null or one of blocked/);
});
