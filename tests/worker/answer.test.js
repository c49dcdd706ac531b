// Answers as they leave the shim: a body that is encoded already is not encoded again.
import { afterEach, expect, test, vi } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { Instance } from "../../shim/instance.js";
import { RecordWriter } from "../../shim/wire.js";

/** @type {Array<ResponseInit | undefined>} */
let made = [];

afterEach(() => {
  vi.unstubAllGlobals();
  made = [];
});

/** The instance answers. @param {[string, string][]} headers */
function answered(headers) {
  vi.stubGlobal(
    "Response",
    class extends Response {
      /** @param {BodyInit | null} [body] @param {ResponseInit} [init] */
      constructor(body, init) {
        super(body, init);
        made.push(init);
      }
    },
  );
  const request = new Request("http://larder.test/x");
  const bodies = new Bodies();
  const flight = /** @type {any} */ ({
    id: 1,
    request,
    method: "GET",
    url: request.url,
    response: null,
    answered: null,
  });
  const record = new RecordWriter();
  record.u32(200);
  record.pairs(headers);
  record.u32(bodies.keep(new Uint8Array(new TextEncoder().encode("stored as it is")).buffer).handle);
  const memory = { buffer: record.written().slice().buffer };
  const instance = { bodies, memory, requests: new Map([[1, flight]]) };
  Object.assign(Object.create(Instance.prototype), instance).respond(1, 0, record.size);
  return flight.response;
}

test.for([
  ["no encoding", [["content-type", "text/plain"]], undefined],
  ["an encoding", [["Content-Encoding", "gzip"]], "manual"],
])("with %s among its fields a body is encoded so: %s", async ([, headers, encodeBody]) => {
  const response = answered(/** @type {[string, string][]} */ (headers));
  expect(made.map((init) => init?.encodeBody)).toEqual([encodeBody]);
  expect(response.status).toBe(200);
  expect([...response.headers]).toEqual(
    /** @type {string[][]} */ (headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  expect(await response.text()).toBe("stored as it is");
});
