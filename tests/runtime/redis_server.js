// A real redis-server of a test's own: on ports and in a folder of its own, ended by its id. And a front of it that speaks
// REST in Upstash's shape.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createPort } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Debian's package redis-tools has the server under the name of a checker, which does what its first argument says. */
const SERVER = "/usr/bin/redis-server";
const SERVER_BY_ANOTHER_NAME = "/usr/bin/redis-check-rdb";
const PASSWORD = "p@ss/word";

/** @returns {Promise<number>} a port that nobody listens on */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createPort();
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** @param {string[]} options */
function openssl(...options) {
  const made = spawnSync("openssl", options, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
}

/** A certificate for localhost, and the authority that signed it. @param {string} folder */
export function makeCertificate(folder) {
  const file = (/** @type {string} */ name) => join(folder, name);
  const [authority, authorityKey, request] = [
    file("authority.pem"),
    file("authority_key.pem"),
    file("request.pem"),
  ];
  const [certificate, key, extensions] = [file("certificate.pem"), file("key.pem"), file("extensions.txt")];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  writeFileSync(extensions, "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n");
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-days",
    "2",
    "-subj",
    "/CN=An authority of tests",
    "-keyout",
    authorityKey,
    "-out",
    authority,
  );
  openssl("req", ...newKey, "-subj", "/CN=localhost", "-keyout", key, "-out", request);
  const signed = ["-CA", authority, "-CAkey", authorityKey, "-CAcreateserial", "-extfile", extensions];
  openssl("x509", "-req", "-in", request, ...signed, "-days", "2", "-out", certificate);
  return { key, certificate, authority };
}

/**
 * @param {{tls?: {key: string, certificate: string}, password?: boolean, options?: string[]}} [wanted]
 */
export async function startRedis({ tls, password = false, options = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "larder-redis-"));
  const port = await freePort();
  const tlsPort = tls ? await freePort() : 0;
  const common = [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  const secured = tls
    ? [
        "--tls-port",
        `${tlsPort}`,
        "--tls-cert-file",
        tls.certificate,
        "--tls-key-file",
        tls.key,
        "--tls-auth-clients",
        "no",
      ]
    : [];
  const guarded = password ? ["--requirepass", PASSWORD] : [];
  /** @type {import("node:child_process").ChildProcess | null} */
  let server = null;
  /** @type {Redis | null} */
  let client = null;

  const start = async () => {
    const command = existsSync(SERVER) ? SERVER : SERVER_BY_ANOTHER_NAME;
    const child = spawn(command, [...common, ...secured, ...guarded, ...options], {
      argv0: "redis-server",
      stdio: ["ignore", "pipe", "inherit"],
    });
    server = child;
    await new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      child.stdout.on("data", (text) => {
        if (String(text).includes("Ready to accept connections")) resolve(undefined);
      });
    });
    client = new Redis({
      host: "127.0.0.1",
      port,
      password: password ? PASSWORD : undefined,
      retryStrategy: () => null,
    });
    client.on("error", () => {});
    await client.ping();
  };
  /** Without a goodbye, and back when it is gone. */
  const kill = async () => {
    const child = server;
    if (child === null) return;
    server = null;
    client?.disconnect();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    // One that is stopped dies all the same.
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  const credentials = password ? `:${encodeURIComponent(PASSWORD)}@` : "";
  return {
    port,
    url: `redis://${credentials}127.0.0.1:${port}`,
    tlsUrl: `rediss://${credentials}localhost:${tlsPort}`,
    /** What the test itself asks, past the Worker. */
    get client() {
      if (client === null) throw new Error("The server is not running.");
      return client;
    },
    /** A figure of INFO. @param {string} section @param {string} name */
    async info(section, name) {
      const text = await /** @type {Redis} */ (client).info(section);
      return new RegExp(`^${name}:(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
    },
    kill,
    /** With nothing in memory. */
    start,
    /** It answers nobody, and its connections stay. */
    freeze: () => server?.kill("SIGSTOP"),
    thaw: () => server?.kill("SIGCONT"),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Upstash's REST API over a server (read 2026-11): POST / takes one command, POST /pipeline many; an error of a command is
 * 400 alone and a member of its reply in a pipeline; with Upstash-Encoding: base64 every text but "OK" is encoded, and
 * without it bytes that are no UTF-8 are lost.
 * @param {number} port of the server @param {string} token
 */
export async function startRest(port, token) {
  const client = new Redis({ host: "127.0.0.1", port });
  /** @type {string[]} */
  const asked = [];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const answer = (/** @type {number} */ status, /** @type {unknown} */ content) => {
      response.writeHead(status, {
        "content-type": "application/json",
        "upstash-sync-token": `${asked.length}`,
      });
      response.end(JSON.stringify(content));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "Unauthorized" });
    const encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "utf8";
    const given = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    const commands = request.url === "/pipeline" ? given : [given];
    const replies = [];
    for (const [name, ...values] of commands) {
      asked.push(name);
      try {
        replies.push({ result: shown(await client.callBuffer(name, ...values.map(String)), encoding) });
      } catch (refusal) {
        replies.push({ error: /** @type {Error} */ (refusal).message });
      }
    }
    if (request.url === "/pipeline") return answer(200, replies);
    return answer("error" in replies[0] ? 400 : 200, replies[0]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async stop() {
      client.disconnect();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {any} reply @param {"base64" | "utf8"} encoding @returns {unknown} */
function shown(reply, encoding) {
  if (Array.isArray(reply)) return reply.map((item) => shown(item, encoding));
  if (!Buffer.isBuffer(reply)) return reply;
  return reply.equals(Buffer.from("OK")) ? "OK" : reply.toString(encoding);
}
