import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { smallData, startCatalogue } from "./support.js";

const SERVER = fileURLToPath(new URL("../../catalogue/server.js", import.meta.url));

/** @param {string} port */
function startProcess(port) {
  const env = { ...process.env, CATALOGUE_PORT: port };
  return spawn(process.execPath, [SERVER], { env, stdio: ["ignore", "pipe", "pipe"] });
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  test(`the command prints one line, serves, and ends cleanly on ${signal}`, async (context) => {
    const child = startProcess("0");
    context.after(() => child.kill("SIGKILL"));
    const [line] = await once(child.stdout, "data");
    const match = /^Catalogue listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line.toString());
    assert.ok(match !== null, line.toString());
    const response = await fetch(`${match[1]}/search.json?title=Good%20Omens`);
    const { numFound } = /** @type {any} */ (await response.json());
    assert.equal(numFound, 1);
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

test("a port that is taken, or is none, is an error with one line", async (context) => {
  const { port } = await startCatalogue(context, { data: smallData() });
  for (const [text, message] of [
    [String(port), /^Catalogue: .*EADDRINUSE/],
    ["eight", /^Catalogue: .*port/i],
  ]) {
    const child = startProcess(String(text));
    const [[line], [code]] = await Promise.all([once(child.stderr, "data"), once(child, "exit")]);
    assert.match(line.toString(), /** @type {RegExp} */ (message));
    assert.equal(line.toString().trim().split("\n").length, 1);
    assert.equal(code, 1);
  }
});

/** @param {number} port @param {string} text @returns {Promise<string>} all that the server answers */
async function exchange(port, text) {
  const socket = connect(port, "127.0.0.1");
  socket.end(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

test("odd request targets get an answer, and the server goes on", async (context) => {
  const { port, json } = await startCatalogue(context, { data: smallData() });
  const head = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  assert.match(await exchange(port, `GET http://[ ${head}`), /^HTTP\/1.1 400 /);
  assert.match(await exchange(port, `GET http://other/works/OL1W.json ${head}`), /^HTTP\/1.1 200 /);
  assert.match(await exchange(port, `GET //works/OL1W.json ${head}`), /^HTTP\/1.1 200 /);
  assert.match(await exchange(port, `OPTIONS * ${head}`), /^HTTP\/1.1 404 /);
  assert.equal((await json("/works/OL1W.json")).title, "The Winter's Garden");
});
