// A stand-in for language models, in the shapes of Gemini and of OpenAI: the same question has the same answer, made of the
// words of the question; where it comes with a schema, the answer follows it. Pure: faults of the network are the
// server's.

import { asksForColumns, columnsOf } from "./columns.js";

/**
 * @typedef {import("./routes.js").Answer} Answer
 * @typedef {typeof MODEL_FAULTS[number]} ModelFault
 */

export const MODEL_FAULTS = /** @type {const} */ ([
  "blocked",
  "empty",
  "failed",
  "limited",
  "malformed",
  "refused",
  "truncated",
]);

const RETRY_AFTER_SECONDS = 2;
/** Roughly what a token is in English. */
const CHARACTERS_PER_TOKEN = 4;
const GEMINI = /^\/v1beta\/models\/[^/]+:generateContent$/;
const OPENAI = "/v1/chat/completions";

/** @param {string} pathname */
export const isModelPath = (pathname) => GEMINI.test(pathname) || pathname === OPENAI;

/**
 * @typedef {object} Question
 * @property {string} text
 * @property {unknown} schema that the answer has to follow; undefined: it is prose
 */

/**
 * @param {{method: string, pathname: string, key: string | undefined}} request `pathname` is one that
 *   isModelPath(), `key` the header field x-goog-api-key
 * @param {unknown} body the request's, parsed; undefined when it is no JSON
 * @param {ModelFault | null} fault
 * @returns {Answer}
 */
export function modelAnswer({ method, pathname, key }, body, fault) {
  if (method !== "POST")
    return { status: 405, headers: { Allow: "POST" }, body: problem(405, "method_not_allowed") };
  if (fault === "failed") return { status: 503, body: problem(503, "UNAVAILABLE") };
  if (fault === "refused") return { status: 400, body: problem(400, "INVALID_ARGUMENT") };
  if (fault === "limited")
    return {
      status: 429,
      headers: { "Retry-After": RETRY_AFTER_SECONDS },
      body: problem(429, "RESOURCE_EXHAUSTED"),
    };
  const gemini = pathname !== OPENAI;
  if (gemini && !key) return { status: 403, body: problem(403, "PERMISSION_DENIED") };
  const question = gemini ? geminiQuestion(body) : openaiQuestion(body);
  if (question === null) return { status: 400, body: problem(400, "INVALID_ARGUMENT") };
  const text = fault === "empty" ? "" : answerTo(question, fault);
  return {
    status: 200,
    body: gemini ? geminiReply(question.text, text, fault) : openaiReply(question.text, text, fault),
  };
}

/** @param {Question} question @param {ModelFault | null} fault */
function answerTo({ text, schema }, fault) {
  if (schema === undefined) return narrativeOf(text);
  return fault === "malformed" ? "I would say that the first column is the author." : columnsOf(text, schema);
}

/** @param {number} code @param {string} status */
const problem = (code, status) => ({ error: { code, message: "The stand-in was told to.", status } });

/** @param {any} body @returns {Question | null} */
function geminiQuestion(body) {
  const text = body?.contents?.at?.(-1)?.parts?.[0]?.text;
  const { responseMimeType, responseJsonSchema } = body?.generationConfig ?? {};
  const asJson = responseMimeType === "application/json";
  return checkedQuestion(text, responseJsonSchema, asJson === (responseJsonSchema !== undefined));
}

/** @param {any} body @returns {Question | null} */
function openaiQuestion(body) {
  const text = body?.messages?.at?.(-1)?.content;
  const format = body?.response_format;
  const { name, schema } = format?.json_schema ?? {};
  const isWhole = format === undefined || (format.type === "json_schema" && typeof name === "string");
  return checkedQuestion(text, schema, isWhole && typeof body?.model === "string");
}

/**
 * @param {unknown} text @param {unknown} schema @param {boolean} isWhole whether all is there that belongs to it
 * @returns {Question | null} null for what a model would refuse
 */
function checkedQuestion(text, schema, isWhole) {
  if (typeof text !== "string" || !isWhole) return null;
  return schema === undefined || asksForColumns(schema) ? { text, schema } : null;
}

/** @param {string} question a profile as JSON */
function narrativeOf(question) {
  const systems = systemsOf(question);
  if (systems.length === 0) return "You brought no systems, so there is nothing to tell.";
  const [first, ...rest] = systems.sort((a, b) => b.percentage - a.percentage);
  const others = rest.map(({ name }) => name).join(", ");
  const told = others === "" ? "" : ` Beside it you have ${others}.`;
  return `You lead with ${first.name}, at ${first.percentage} %.${told} This text is the local stand-in's.`;
}

/** @param {string} question @returns {Array<{name: string, percentage: number}>} */
function systemsOf(question) {
  try {
    const { systems } = JSON.parse(question);
    return Array.isArray(systems) ? systems : [];
  } catch {
    return [];
  }
}

/** @param {string} text */
const tokensOf = (text) => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/** @param {string} question @param {string} text @param {ModelFault | null} fault */
function geminiReply(question, text, fault) {
  const usageMetadata = { promptTokenCount: tokensOf(question), candidatesTokenCount: tokensOf(text) };
  if (fault === "blocked") return { promptFeedback: { blockReason: "SAFETY" }, usageMetadata };
  const [shown, finishReason] = ended(text, fault, ["STOP", "MAX_TOKENS"]);
  return {
    candidates: [{ content: { role: "model", parts: [{ text: shown }] }, finishReason, index: 0 }],
    usageMetadata,
    modelVersion: "stand-in",
  };
}

/** @param {string} question @param {string} text @param {ModelFault | null} fault */
function openaiReply(question, text, fault) {
  const usage = { prompt_tokens: tokensOf(question), completion_tokens: tokensOf(text) };
  const [content, finish_reason] = ended(text, fault, ["stop", "length"]);
  const message =
    fault === "blocked"
      ? { role: "assistant", content: null, refusal: "No." }
      : { role: "assistant", content };
  return {
    object: "chat.completion",
    model: "stand-in",
    choices: [{ index: 0, message, finish_reason }],
    usage,
  };
}

/** @param {string} text @param {ModelFault | null} fault @param {[string, string]} reasons */
const ended = (text, fault, [whole, cut]) =>
  fault === "truncated" ? [text.slice(0, text.length >> 1), cut] : [text, whole];
