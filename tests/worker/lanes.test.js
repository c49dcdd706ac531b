// Fast lanes by themselves: whom they answer, and with what; who makes room, when they end, and that every hit is told once.

import { expect, test } from "vitest";
import { Head } from "../../shim/heads.js";
import { Lanes } from "../../shim/lanes.js";

const LANES_MAX = 4096;
const CREATED = 1_000_000;
const FRESH_UNTIL = CREATED + 60_500;
const UNTIL = CREATED + 5_000;
const HITS_MAX = 5;

/** @param {number} id @returns {import("../../shim/lanes.js").Leave} */
const leave = (id) => ({ id, until: UNTIL, hitsMax: HITS_MAX, ageSince: CREATED, ttlUntil: FRESH_UNTIL });

const head = () =>
  new Head(
    {
      status: 200,
      fields: [],
      beforeTtl: "larder; hit; ttl=",
      afterTtl: "; detail=memory",
      handle: 1,
      guards: ["if-none-match"],
    },
    { status: 200, headers: new Headers() },
    new ArrayBuffer(1),
  );

/** @param {Lanes} lanes @param {string} url @param {Record<string, string>} [headers] @param {number} [now] */
const answered = (lanes, url, headers = {}, now = UNTIL - 1) =>
  lanes.answer(new Request(url, { headers }), "GET", url, now);

/** @param {Lanes} lanes @param {string} url @param {Record<string, string>} [headers] @param {number} [now] */
const isAnswered = (lanes, url, headers, now) => answered(lanes, url, headers, now) !== null;

/** @param {number} id */
const url = (id) => `https://larder.test/${id}`;

test("an answer has the age and the ttl of its own second", () => {
  const lanes = new Lanes();
  lanes.open(url(1), leave(1), head());
  const times = [
    [CREATED - 1, "0", 60],
    [CREATED + 499, "0", 60],
    [CREATED + 501, "0", 59],
    [CREATED + 1_000, "1", 59],
    [UNTIL - 1, "4", 55],
  ];
  for (const [now, age, ttl] of times) {
    const answer = answered(lanes, url(1), {}, Number(now));
    expect(answer?.headers.get("age")).toBe(age);
    expect(answer?.headers.get("cache-status")).toBe(`larder; hit; ttl=${ttl}; detail=memory`);
  }
});

test("a lane ends at its time, after its hits, and with its head", () => {
  const lanes = new Lanes();
  lanes.open(url(1), leave(1), head());
  expect(isAnswered(lanes, url(1), {}, UNTIL)).toBe(false);
  expect(lanes.table.size).toBe(0);

  lanes.open(url(1), leave(2), head());
  for (let hit = 0; hit < HITS_MAX; hit++) expect(isAnswered(lanes, url(1))).toBe(true);
  expect(isAnswered(lanes, url(1))).toBe(false);
  expect(lanes.table.size).toBe(0);

  const gone = head();
  lanes.open(url(1), leave(3), gone);
  lanes.open(url(2), leave(4), head());
  expect(isAnswered(lanes, url(1))).toBe(true);
  gone.release();
  expect(isAnswered(lanes, url(1))).toBe(false);
  expect(isAnswered(lanes, url(2))).toBe(true);
  expect(lanes.takeHits(10)).toEqual([2, HITS_MAX, 3, 1, 4, 1]);
});

test("the oldest lane makes room for the newest, and no other", () => {
  const lanes = new Lanes();
  for (let id = 1; id <= LANES_MAX; id++) lanes.open(url(id), leave(id), head());
  expect(isAnswered(lanes, url(1))).toBe(true);
  lanes.open(url(LANES_MAX + 1), leave(LANES_MAX + 1), head());
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
  lanes.open(url(1), leave(1), head());
  for (let id = 2; id <= LANES_MAX; id++) lanes.open(url(2), leave(id), head());
  expect(isAnswered(lanes, url(1))).toBe(true);
  lanes.open(url(2), leave(LANES_MAX + 1), head());
  expect(isAnswered(lanes, url(1))).toBe(false);
  expect(lanes.table.size).toBe(1);
});

test("the hits of open lanes and of closed ones are taken once, some lanes at a time", () => {
  const lanes = new Lanes();
  for (let id = 1; id <= 3; id++) {
    lanes.open(url(id), leave(id), head());
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
