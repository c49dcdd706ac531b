// Calls of Durable Objects as the core makes them: arguments and replies are records of src/records/objects.def.
import { OBJECTS, RECORDS } from "../../shim/generated/objects.js";
import { RecordReader, RecordWriter } from "../../shim/wire.js";

/** @param {string} name a class of objects.def @param {string} method */
export function methodOf(name, method) {
  const row = OBJECTS[name];
  const found = row?.methods[method];
  if (row === undefined || found === undefined) throw new Error(`objects.def has no ${name}.${method}.`);
  return { binding: row.binding, ...found };
}

/** @param {RecordWriter} writer @param {string[][]} fields @param {Record<string, any>} values */
function write(writer, fields, values) {
  for (const [type = "", name = ""] of fields) {
    const record = RECORDS[type];
    if (record === undefined) /** @type {any} */ (writer)[type](values[name]);
    else if (record.listOf === "") write(writer, record.fields, values[name]);
    else {
      writer.u32(values[name].length);
      for (const one of values[name]) write(writer, RECORDS[record.listOf]?.fields ?? [], one);
    }
  }
}

/** @param {RecordReader} reader @param {string[][]} fields */
function read(reader, fields) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const [type = "", name = ""] of fields) {
    const record = RECORDS[type];
    if (record === undefined) values[name] = /** @type {any} */ (reader)[type]();
    else if (record.listOf === "") values[name] = read(reader, record.fields);
    else values[name] = reader.list(() => read(reader, RECORDS[record.listOf]?.fields ?? []));
  }
  return values;
}

/** @param {string} name @param {string} method @param {Record<string, any>} values */
export function argumentOf(name, method, values) {
  const record = new RecordWriter();
  write(record, methodOf(name, method).arguments, values);
  return record.written().slice();
}

/**
 * @param {string} name @param {string} method @param {Uint8Array} reply
 * @returns {Record<string, any>} the results; or {status, message} of a refusal
 */
export function resultsOf(name, method, reply) {
  if (reply[0] !== 0) return { status: reply[0], message: new TextDecoder().decode(reply.subarray(1)) };
  return read(new RecordReader(reply.slice().buffer, 1, reply.length - 1), methodOf(name, method).results);
}
