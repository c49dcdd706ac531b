// E-mails by the platform ([[send_email]] in wrangler.toml). A refusal has a code (E_…), which the core judges.

import { OperationFailure } from "../failure.js";

/**
 * @param {import("../instance.js").InFlight} request
 * @param {{binding: string, from: string, to: string[], subject: string, text: string, html: string}} wanted
 */
export async function mailSend(request, { binding, from, to, subject, text, html }) {
  const mail = request.env[binding];
  if (!mail)
    throw new OperationFailure("unsupported", `There is no binding ${binding}; declare it in wrangler.toml.`);
  try {
    await mail.send({ from, to, subject, text, html });
    return { fault: "" };
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (typeof code !== "string") throw thrown;
    return { fault: code };
  }
}
