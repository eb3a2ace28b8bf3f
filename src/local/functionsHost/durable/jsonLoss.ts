/**
 * Says where a value would not survive JSON unchanged; undefined if nothing is lost. Undefined properties do not count:
 * JSON drops them, and the receiver finds them undefined again.
 */
export function findJsonLoss(value: unknown, path = "the value"): string | undefined {
  if (typeof value === "object") return value === null ? undefined : findLossInObject(value, path);
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}, which becomes null`;
  if (typeof value === "bigint") return `${path} is a bigint, which JSON cannot hold`;
  if (typeof value === "function" || typeof value === "symbol") return `${path} is a ${typeof value}, which is dropped`;
  return undefined;
}

function findLossInObject(value: object, path: string): string | undefined {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const loss =
        item === undefined
          ? `${path}[${index}] is undefined, which becomes null`
          : findJsonLoss(item, `${path}[${index}]`);
      if (loss !== undefined) return loss;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !isPlainOfOtherRealm(prototype)) {
    return `${path} is a ${value.constructor.name}, which ${becomes(value)}`;
  }
  for (const [key, item] of Object.entries(value)) {
    const loss = findJsonLoss(item, `${path}.${key}`);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

function isPlainOfOtherRealm(prototype: unknown): boolean {
  return typeof prototype === "object" && prototype !== null && Object.getPrototypeOf(prototype) === null;
}

function becomes(value: object): string {
  if (ArrayBuffer.isView(value)) return "becomes text or an object (pass a base64 string)";
  if (value instanceof Date) return "becomes a string (use toISOString())";
  if (value instanceof Map || value instanceof Set || value instanceof Error) return "becomes {}";
  return "becomes a plain object without its class";
}
