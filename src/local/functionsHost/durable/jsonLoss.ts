/** What JSON does to a value. */
export interface JsonLoss {
  /** Where and how the value changes, in words. */
  readonly text: string;
  /** Something is gone; otherwise it only arrives as another type, as a date does. */
  readonly isGrave: boolean;
}

/** Of the SDK: they are plain data and made to be passed on, such as the answer of `callHttp`. */
const PLAIN_CLASSES = new Set(["DurableHttpResponse", "EntityId", "EntityStateResponse", "LockState"]);

/**
 * Says where a value would not survive JSON unchanged, the worst of it if there is more; undefined if it survives.
 * Undefined properties do not count: JSON drops them, and the receiver finds them undefined again.
 */
export function findJsonLoss(value: unknown, path = "the value"): JsonLoss | undefined {
  let slight: JsonLoss | undefined;
  for (const loss of losses(value, path)) {
    if (loss.isGrave) return loss;
    slight ??= loss;
  }
  return slight;
}

function* losses(value: unknown, path: string): Iterable<JsonLoss> {
  if (typeof value === "object") {
    if (value !== null) yield* lossesInObject(value, path);
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) yield grave(`${path} is ${value}, which becomes null`);
  } else if (typeof value === "bigint") {
    yield grave(`${path} is a bigint, which JSON cannot hold`);
  } else if (typeof value === "function" || typeof value === "symbol") {
    yield grave(`${path} is a ${typeof value}, which is dropped`);
  }
}

function* lossesInObject(value: object, path: string): Iterable<JsonLoss> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (item === undefined) yield grave(`${path}[${index}] is undefined, which becomes null`);
      else yield* losses(item, `${path}[${index}]`);
    }
    return;
  }
  if (!isPlain(value)) {
    yield lossOfClass(value, path);
    // What such an object becomes is its own affair, or the whole of it is lost.
    return;
  }
  for (const [key, item] of Object.entries(value)) yield* losses(item, `${path}.${key}`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || PLAIN_CLASSES.has(value.constructor.name)) return true;
  const isOfOtherRealm = typeof prototype === "object" && Object.getPrototypeOf(prototype) === null;
  return isOfOtherRealm;
}

function lossOfClass(value: object, path: string): JsonLoss {
  const what = `${path} is a ${value.constructor.name}, which`;
  if (ArrayBuffer.isView(value)) return slight(`${what} becomes text or an object (pass a base64 string)`);
  if (value instanceof Date) return slight(`${what} becomes a string (use toISOString())`);
  if (value instanceof Map || value instanceof Set || value instanceof Error) return grave(`${what} becomes {}`);
  return slight(`${what} becomes a plain object without its class`);
}

function grave(text: string): JsonLoss {
  return { text, isGrave: true };
}

function slight(text: string): JsonLoss {
  return { text, isGrave: false };
}
