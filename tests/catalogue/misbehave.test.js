import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { HUGE_BYTES } from "../../catalogue/misbehave.js";
import { smallData, startCatalogue } from "./support.js";

const data = smallData();
const PATH = "/search.json?title=winter+garden&fields=key,title";

test("html: a page with status 200, but not from the control routes", async (context) => {
  const { get, json } = await startCatalogue(context, { data, settings: { misbehave: "html" } });
  const response = await get(PATH);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(await response.text(), /^<!DOCTYPE html>/);
  assert.equal((await json("/_control/settings")).misbehave, "html");
});

test("truncated: well framed, but half the JSON", async (context) => {
  const { get, set } = await startCatalogue(context, { data });
  const right = await (await get(PATH)).text();
  await set({ misbehave: "truncated" });
  const response = await get(PATH);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(await response.text(), right.slice(0, right.length >> 1));
});

test("cut: the connection ends before the promised length", async (context) => {
  const { get } = await startCatalogue(context, { data, settings: { misbehave: "cut" } });
  const response = await get(PATH);
  assert.equal(response.status, 200);
  await assert.rejects(response.arrayBuffer(), TypeError);
});

test("huge: 100 MB of JSON", async (context) => {
  const { get } = await startCatalogue(context, { data, settings: { misbehave: "huge" } });
  const response = await get(PATH);
  assert.equal(response.headers.get("content-length"), null);
  assert.ok(response.body !== null);
  let bytes = 0;
  let end = Buffer.alloc(0);
  for await (const chunk of response.body) {
    bytes += chunk.length;
    end = Buffer.concat([end, chunk]).subarray(-5);
  }
  assert.equal(bytes, HUGE_BYTES);
  assert.equal(end.toString(), 'a"}]}');
});

test("huge: stops when the client leaves", async (context) => {
  const { url, close } = await startCatalogue(context, { data, settings: { misbehave: "huge" } });
  const client = request(url + PATH).end();
  const [response] = await once(client, "response");
  await once(response, "data");
  response.destroy();
  await once(response, "close");
  // Would not come to an end, were the server still writing.
  await close();
});

test("silent: the request arrives and is never answered", async (context) => {
  const { url, close, requests } = await startCatalogue(context, { data, settings: { misbehave: "silent" } });
  const client = request(url + PATH).end();
  const failed = once(client, "error");
  let answered = false;
  client.on("response", () => {
    answered = true;
  });
  while ((await requests()).total === 0);
  await close();
  const [error] = await failed;
  assert.equal(error.code, "ECONNRESET");
  assert.equal(answered, false);
});

test("badutf8: JSON in which a title is no text", async (context) => {
  const { get } = await startCatalogue(context, { data, settings: { misbehave: "badutf8" } });
  const bytes = new Uint8Array(await (await get(PATH)).arrayBuffer());
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes), TypeError);
  assert.equal(JSON.parse(new TextDecoder().decode(bytes)).docs[0].title, "\uFFFD(Winter Garden");
  // An answer without a title has the bytes in its first name.
  assert.equal(
    await (await get("/works/OL9W.json")).text(),
    '{"\uFFFD(error":"notfound","key":"/works/OL9W"}',
  );
});
