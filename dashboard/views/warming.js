// Warming: lists are uploaded, jobs are followed, dead letters are sent again.

import { ask, get, isAdmin } from "../api.js";
import { badge, button, card, confirmed, field, fill, h, instead, numberText, table, when } from "../dom.js";
import { failure } from "./failure.js";

const TONES = /** @type {Record<string, "good" | "warn" | "bad">} */ ({
  complete: "good",
  failed: "bad",
  cancelled: "warn",
});

/** It stays while what is around it is looked at anew: a file may have been chosen. @type {HTMLElement | null} */
let upload = null;

export function forget() {
  upload = null;
}

export async function warming() {
  const [jobs, letters] = await Promise.all([get("/api/warming/jobs"), get("/api/warming/dlq")]);
  if (isAdmin()) upload ??= uploadCard();
  return [upload, card("Jobs", jobTable(jobs)), card("Dead letters", letterTable(letters))];
}

/** @param {any} answer */
function jobTable(answer) {
  const done = (/** @type {any} */ job) => job.authors.processed + job.authors.failed + job.authors.skipped;
  return table(
    [
      ["job", (job) => h("code", {}, job.jobId)],
      ["state", (job) => badge(job.state, TONES[job.state] ?? "calm")],
      [
        "progress",
        (job) =>
          h(
            "span",
            { class: "progress" },
            h("progress", {
              max: Math.max(job.authors.queued, 1),
              value: done(job),
              "aria-label": `Progress of ${job.jobId}`,
            }),
            `${numberText(done(job))} of ${numberText(job.authors.queued)}`,
          ),
      ],
      ["failed", (job) => numberText(job.authors.failed), "number"],
      ["works", (job) => numberText(job.works), "number"],
      ["began", (job) => when(job.startedAt)],
      ["", (job) => (isAdmin() && ["queued", "running"].includes(job.state) ? cancel(job) : null)],
    ],
    answer.jobs,
    {
      caption: "Jobs of warming",
      stacks: true,
      empty: "There are no jobs. Upload a list of books above, or: larder warm list.csv",
    },
  );
}

/** @param {any} job */
const cancel = (job) =>
  button("Cancel", async () => {
    if (!(await confirmed("Cancel this job?", [job.jobId, "What is warm already stays."], "Cancel the job")))
      return;
    await ask("DELETE", `/api/warming/jobs/${encodeURIComponent(job.jobId)}`);
    dispatchEvent(new Event("refresh"));
  });

/** @param {any} answer */
function letterTable(answer) {
  const replay = isAdmin() && answer.letters.length > 0;
  return h(
    "div",
    {},
    table(
      [
        ["letter", (one) => one.id],
        ["at", (one) => when(one.at)],
        ["author", (one) => one.author],
        ["reason", (one) => badge(one.reason, "warn")],
        ["message", (one) => one.message, "prose"],
      ],
      answer.letters,
      { caption: "Dead letters", empty: "There are no dead letters: whatever was sent came to its end." },
    ),
    replay
      ? button("Send them again", async () => {
          if (!(await confirmed("Send dead letters again?", ["The oldest are tried once more."], "Send")))
            return;
          await ask("POST", "/api/warming/dlq/replay");
          dispatchEvent(new Event("refresh"));
        })
      : null,
  );
}

function uploadCard() {
  const file = h("input", { type: "file", name: "file", accept: ".csv,text/csv", required: true });
  const depth = h(
    "select",
    { name: "maxDepth" },
    ["1", "2", "3"].map((one) => h("option", { selected: one === "2" }, one)),
  );
  const priority = h(
    "select",
    { name: "priority" },
    ["normal", "high"].map((one) => h("option", {}, one)),
  );
  const zeal = h(
    "select",
    { name: "aggressiveness" },
    ["gentle", "normal", "eager"].map((one) => h("option", { selected: one === "normal" }, one)),
  );
  const result = h("div", { "aria-live": "polite" });
  const send = async (/** @type {File} */ chosen) => {
    const form = new FormData();
    form.set("file", chosen);
    for (const control of [depth, priority, zeal]) form.set(control.name, control.value);
    fill(result, h("p", { class: "quiet" }, `Sending ${chosen.name} …`));
    await ask("POST", "/api/warming/upload", { form }).then(
      (answer) => {
        fill(
          result,
          h(
            "p",
            { role: "status" },
            answer.created
              ? `Job ${answer.jobId}: ${answer.authorsQueued} authors.`
              : `The same list is at work already: job ${answer.jobId}.`,
          ),
        );
        dispatchEvent(new Event("refresh"));
      },
      (error) => fill(result, failure(error)),
    );
  };
  /** @type {HTMLFormElement} */
  const zone = h(
    "form",
    {
      class: "drop",
      on: {
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (file.files?.[0]) send(file.files[0]);
        },
        dragover: instead(() => zone.classList.add("over")),
        dragleave: () => zone.classList.remove("over"),
        drop: (/** @type {DragEvent} */ event) => {
          event.preventDefault();
          zone.classList.remove("over");
          const dropped = event.dataTransfer?.files[0];
          if (dropped) send(dropped);
        },
      },
    },
    h(
      "p",
      {},
      "Drop a list of books here: Goodreads, LibraryThing, StoryGraph, Libib, or any CSV with a header.",
    ),
    h(
      "div",
      { class: "row" },
      field("List", file),
      field("Depth", depth),
      field("Priority", priority),
      field("Zeal", zeal),
      h("button", { type: "submit", class: "primary" }, "Warm"),
    ),
  );
  return card("Upload", zone, result);
}
