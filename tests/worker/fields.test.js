// Header fields on their way to the platform: several of one name, and those that it refuses.

import { afterEach, expect, test, vi } from "vitest";
import { acceptedHeadersOf, headersOf } from "../../shim/fields.js";

afterEach(() => vi.restoreAllMocks());

/** @type {[string, string][]} */
const FIELDS = [
  ["link", "<a>"],
  ["Link", "<b>"],
  ["set-cookie", "a=1"],
  ["set-cookie", "b=2"],
];

test("fields of one name are kept, cookies apart", () => {
  for (const headers of [headersOf(FIELDS), acceptedHeadersOf(FIELDS)]) {
    expect(headers.get("link")).toBe("<a>, <b>");
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  }
});

test("a field that the platform refuses is left out of an answer and told, and fails a request", () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  /** @type {[string, string][]} */
  const fields = [
    ["one", "1"],
    ["not a name", "2"],
    ["three", "line\nbreak"],
    ["four", "4"],
  ];
  expect([...acceptedHeadersOf(fields)]).toEqual([
    ["four", "4"],
    ["one", "1"],
  ]);
  expect(told.mock.calls.map(([line]) => JSON.parse(line))).toEqual(
    ["not a name", "three"].map((name) => ({ level: "error", event: "field_refused", name })),
  );
  expect(() => headersOf(fields)).toThrow(TypeError);
});
