// The bodies of requests, in the runtime.
import { expect, test } from "vitest";
import { Bodies } from "../../shim/bodies.js";
import { asFailure } from "../../shim/failure.js";
import { handlers } from "../../shim/operations/index.js";

/** @param {Promise<unknown>} call */
const failureOf = async (call) => {
  const failure = await call.then(
    () => null,
    (thrown) => asFailure(thrown, "peer"),
  );
  return failure === null ? null : [failure.status, failure.message];
};

// Bodies -------------------------------------------------------------------------------------------------------------

const bodies = new Bodies();
/** @param {Request | null} request */
const flightOf = (request) => /** @type {any} */ ({ id: 1, request, instance: { bodies } });
/** @param {BodyInit} body @param {Record<string, string>} [headers] */
const posted = (body, headers = {}) => new Request("http://larder.test/", { method: "POST", body, headers });
/** @param {{handle: number}} body */
const textOf = (body) => new TextDecoder().decode(bodies.buffer(body.handle));
/** @param {any} flight @param {number} [body_bytes_max] */
const bodyOf = (flight, body_bytes_max = 10) => handlers.request_body(flight, { body_bytes_max });
/** @param {any} flight @param {number} [body_bytes_max] */
const formOf = (flight, body_bytes_max = 10_000) => handlers.request_form(flight, { body_bytes_max });
/** @param {...(string | Error)} chunks */
const streamed = (...chunks) =>
  new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else if (chunk instanceof Error) controller.error(chunk);
      else controller.enqueue(new TextEncoder().encode(chunk));
    },
  });

test("a body is read once, and given as often as is asked for", async () => {
  const flight = flightOf(posted("0123456789"));
  expect(textOf((await bodyOf(flight)).content)).toBe("0123456789");
  expect(textOf((await bodyOf(flight)).content)).toBe("0123456789");
  expect(textOf((await bodyOf(flightOf(flight.request))).content)).toBe("0123456789");
});

test("no body is an empty one", async () => {
  const { content } = await bodyOf(flightOf(new Request("http://larder.test/")));
  expect(content.size).toBe(0);
});

test.for([
  ["announced", posted("01234567890")],
  ["not announced", posted(streamed("01234", "567890"))],
  ["announced as less", posted(streamed("01234567890"), { "content-length": "1" })],
])("more than is wanted is refused: %s", async ([, request]) => {
  const failure = await failureOf(bodyOf(flightOf(/** @type {Request} */ (request))));
  expect(failure).toEqual(["too_large", "The request's body has more than 10 bytes."]);
});

test("what was read for one bound is too large for a smaller one", async () => {
  const flight = flightOf(posted("0123456789"));
  await bodyOf(flight);
  expect((await failureOf(bodyOf(flight, 9)))?.[0]).toBe("too_large");
});

test("a body that breaks off is told from an empty one, and an event has none", async () => {
  const broken = flightOf(posted(streamed("01", new Error("reset"))));
  expect(await failureOf(bodyOf(broken))).toEqual(["corrupt", "The request's body broke off."]);
  expect((await failureOf(bodyOf(flightOf(null))))?.[0]).toBe("invalid");
});

test("a form gives its fields and its first file", async () => {
  const form = new FormData();
  form.append("maxDepth", "2");
  form.append("file", new File(["Title,Author\n"], "books.csv"));
  form.append("priority", "high");
  form.append("file", new File(["other"], "other.csv"));
  const { fields, file_name, file } = await formOf(flightOf(posted(/** @type {any} */ (form))));
  expect(fields).toEqual([
    ["maxDepth", "2"],
    ["priority", "high"],
  ]);
  expect([file_name, textOf(file)]).toEqual(["books.csv", "Title,Author\n"]);
});

test("a form without a file has none", async () => {
  const form = new FormData();
  form.append("a", "é");
  const { fields, file_name, file } = await formOf(flightOf(posted(/** @type {any} */ (form))));
  expect([fields, file_name, file.size]).toEqual([[["a", "é"]], "", 0]);
});

test.for([
  ["no form", "{}", { "content-type": "application/json" }],
  ["a form without its boundary", "--x", { "content-type": "multipart/form-data" }],
  [
    "a form that broke off",
    "--x\r\nContent-Disposition: form",
    { "content-type": "multipart/form-data; boundary=x" },
  ],
])("%s is refused", async ([, body, headers]) => {
  const request = posted(/** @type {string} */ (body), /** @type {any} */ (headers));
  expect((await failureOf(formOf(flightOf(request))))?.[0]).toBe("invalid");
});
