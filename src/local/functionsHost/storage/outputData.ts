import type { RpcTypedData } from "../worker/rpc.ts";

/**
 * What a function gave, as the bytes of a blob. A number that is an integer takes four bytes, any other number eight and
 * a boolean one, as .NET lays them out in memory: that is what the real host writes.
 */
export function toBlob(data: RpcTypedData): Buffer {
  if (data.bytes !== undefined) return Buffer.from(data.bytes);
  if (data.string !== undefined) return Buffer.from(data.string);
  const numbers = Buffer.alloc(8);
  if (data.int !== undefined) return numbers.subarray(0, numbers.writeInt32LE(data.int));
  if (data.double !== undefined) return numbers.subarray(0, numbers.writeDoubleLE(data.double));
  if (data.json === "true" || data.json === "false") return Buffer.from([data.json === "true" ? 1 : 0]);
  // What has become text on its way, such as a date, has no quotes.
  const value: unknown = JSON.parse(data.json ?? '""');
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

/** The messages for a queue: one for each item of an array. */
export function toMessages(data: RpcTypedData): readonly Buffer[] {
  if (data.bytes !== undefined) return [Buffer.from(data.bytes)];
  if (data.string !== undefined) return [Buffer.from(data.string)];
  const value: unknown = data.int ?? data.double ?? JSON.parse(data.json ?? "null");
  return (Array.isArray(value) ? value : [value]).map((item) => Buffer.from(textOf(item)));
}

/** Objects over several lines, as the real host writes them. */
function textOf(item: unknown): string {
  if (typeof item === "string") return item;
  if (typeof item === "boolean") return item ? "True" : "False";
  return JSON.stringify(item, null, 2);
}
