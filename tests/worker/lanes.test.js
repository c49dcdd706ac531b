// Fast lanes by themselves: whom they answer, who makes room, and that every hit is told once.

import { expect, test } from "vitest";
import { Lanes } from "../../shim/lanes.js";

const LANES_MAX = 1024;
const UNTIL = 5_000;

/** @param {number} id @returns {import("../../shim/lanes.js").Lane} */
const lane = (id) => ({
  id,
  until: UNTIL,
  guards: ["if-none-match"],
  init: { status: 200, headers: new Headers() },
  body: new ArrayBuffer(1),
  hits: 0,
});

/** @param {Lanes} lanes @param {string} url @param {Record<string, string>} [headers] */
const isAnswered = (lanes, url, headers = {}) =>
  lanes.answer(new Request(url, { headers }), "GET", url, UNTIL - 1) !== null;

/** @param {number} id */
const url = (id) => `https://larder.test/${id}`;

test("the oldest lane makes room for the newest, and no other", () => {
  const lanes = new Lanes();
  for (let id = 1; id <= LANES_MAX; id++) lanes.open(url(id), lane(id));
  expect(isAnswered(lanes, url(1))).toBe(true);
  lanes.open(url(LANES_MAX + 1), lane(LANES_MAX + 1));
  expect(lanes.table.size).toBe(LANES_MAX);
  expect([1, 2, LANES_MAX, LANES_MAX + 1].map((id) => isAnswered(lanes, url(id)))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test("a lane closes when as many as may be open have been given since", () => {
  const lanes = new Lanes();
  lanes.open(url(1), lane(1));
  for (let id = 2; id <= LANES_MAX; id++) lanes.open(url(2), lane(id));
  expect(isAnswered(lanes, url(1))).toBe(true);
  lanes.open(url(2), lane(LANES_MAX + 1));
  expect(isAnswered(lanes, url(1))).toBe(false);
  expect(lanes.table.size).toBe(1);
});

test("the hits of open lanes and of closed ones are taken once, some lanes at a time", () => {
  const lanes = new Lanes();
  for (let id = 1; id <= 3; id++) {
    lanes.open(url(id), lane(id));
    for (let hit = 0; hit < id; hit++) expect(isAnswered(lanes, url(id))).toBe(true);
  }
  expect(isAnswered(lanes, url(1), { "if-none-match": "*" })).toBe(false);
  lanes.close(url(2));
  expect(lanes.takeHits(2)).toEqual([1, 1, 2, 2]);
  expect(isAnswered(lanes, url(1))).toBe(true);
  expect(lanes.takeHits(2)).toEqual([3, 3, 1, 1]);
  expect(lanes.takeHits(2)).toEqual([]);
  lanes.closeAll();
  expect(isAnswered(lanes, url(1))).toBe(false);
});
