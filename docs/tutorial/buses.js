// The API of docs/TUTORIAL.md: departures of buses, for http://127.0.0.1:9001/v1/stops/{stop}/departures?line=. It takes
// two seconds for an answer and knows two stops. `node docs/tutorial/buses.js PORT` listens elsewhere.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const DELAY_MILLIS = 2000;
/** @type {Record<string, [line: string, towards: string, minutes: number][]>} */
const STOPS = {
  harbour: [
    ["4", "University", 3],
    ["11", "Airport", 8],
    ["4", "University", 13],
  ],
  market: [["11", "Harbour", 5]],
};

const server = createServer(async (request, response) => {
  console.log(`${request.method} ${request.url}`);
  await sleep(DELAY_MILLIS);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://buses");
  const stop = /^\/v1\/stops\/([^/]+)\/departures$/.exec(pathname)?.[1] ?? "";
  const line = searchParams.get("line");
  const departures = STOPS[stop]
    ?.filter((departure) => line === null || departure[0] === line)
    .map(([of, towards, minutes]) => ({ line: of, towards, minutes }));
  response.statusCode = departures ? 200 : 404;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(departures ? { stop, departures } : { error: "There is no such stop." }));
});
const port = Number(process.argv[2] ?? 9001);
server.listen(port, "127.0.0.1", () => console.log(`Departures on http://127.0.0.1:${port}`));
