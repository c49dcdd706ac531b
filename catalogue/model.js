// A stand-in for language models, in the shapes of Gemini and of OpenAI: the same question has the same answer, made of the
// words of the question. Pure: faults of the network are the server's.

/**
 * @typedef {import("./routes.js").Answer} Answer
 * @typedef {typeof MODEL_FAULTS[number]} ModelFault
 */

export const MODEL_FAULTS = /** @type {const} */ ([
  "blocked",
  "empty",
  "failed",
  "limited",
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
 * @param {string} method @param {string} pathname one that isModelPath()
 * @param {unknown} body the request's, parsed; undefined when it is no JSON
 * @param {ModelFault | null} fault
 * @returns {Answer}
 */
export function modelAnswer(method, pathname, body, fault) {
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
  const question = gemini ? geminiQuestion(body) : openaiQuestion(body);
  if (question === null) return { status: 400, body: problem(400, "INVALID_ARGUMENT") };
  const text = fault === "empty" ? "" : narrativeOf(question);
  return {
    status: 200,
    body: gemini ? geminiReply(question, text, fault) : openaiReply(question, text, fault),
  };
}

/** @param {number} code @param {string} status */
const problem = (code, status) => ({ error: { code, message: "The stand-in was told to.", status } });

/** @param {any} body @returns {string | null} */
function geminiQuestion(body) {
  const text = body?.contents?.at?.(-1)?.parts?.[0]?.text;
  return typeof text === "string" ? text : null;
}

/** @param {any} body @returns {string | null} */
function openaiQuestion(body) {
  const text = body?.messages?.at?.(-1)?.content;
  return typeof text === "string" && typeof body.model === "string" ? text : null;
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
