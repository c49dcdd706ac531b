// Header fields as the platform's object. Fields are appended one by one: a list of pairs the platform takes three times as
// slowly.

/** @param {[string, string][]} fields @returns {Headers} @throws where the platform refuses one */
export function headersOf(fields) {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

/** A field that the platform refuses is left out. @param {[string, string][]} fields @returns {Headers} */
export function acceptedHeadersOf(fields) {
  const headers = new Headers();
  for (const [name, value] of fields) {
    try {
      headers.append(name, value);
    } catch {
      console.error(JSON.stringify({ level: "error", event: "field_refused", name }));
    }
  }
  return headers;
}
