/** What JSON does to a value. */
export interface JsonLoss {
  /** Where and how the value changes, in words. */
  readonly text: string;
  /** Something is gone; otherwise it only arrives as another type, as a date does. */
  readonly isGrave: boolean;
}

/** The same, with the place in the value, such as `.list[3]`. */
interface LossAt {
  readonly place: string;
  readonly what: string;
  readonly isGrave: boolean;
}

/** Of the SDK: they are plain data and made to be passed on, such as the answer of `callHttp`. */
const PLAIN_CLASSES = new Set(["DurableHttpResponse", "EntityId", "EntityStateResponse", "LockState"]);

/**
 * Says where a value would not survive JSON unchanged, the worst of it if there is more; undefined if it survives.
 * Undefined properties do not count: JSON drops them, and the receiver finds them undefined again.
 */
export function findJsonLoss(value: unknown, path = "the value"): JsonLoss | undefined {
  const loss = worst(value);
  return loss === undefined ? undefined : { text: `${path}${loss.place} is ${loss.what}`, isGrave: loss.isGrave };
}

/** Every value that passes through the host is looked at, so nothing is made for those that survive. */
function worst(value: unknown): LossAt | undefined {
  switch (typeof value) {
    case "object":
      return value === null ? undefined : Array.isArray(value) ? worstItem(value) : worstProperty(value);
    case "number":
      return Number.isFinite(value) ? undefined : grave(`${value}, which becomes null`);
    case "bigint":
      return grave("a bigint, which JSON cannot hold");
    case "function":
    case "symbol":
      return grave(`a ${typeof value}, which is dropped`);
    case "string":
    case "boolean":
    case "undefined":
      return undefined;
  }
}

function worstItem(items: readonly unknown[]): LossAt | undefined {
  let slightest: LossAt | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const loss = item === undefined ? grave("undefined, which becomes null") : worst(item);
    if (loss === undefined) continue;
    const found = { ...loss, place: `[${index}]${loss.place}` };
    if (found.isGrave) return found;
    slightest ??= found;
  }
  return slightest;
}

function worstProperty(value: object): LossAt | undefined {
  // What such an object becomes is its own affair, or the whole of it is lost.
  if (!isPlain(value)) return lossOfClass(value);
  let slightest: LossAt | undefined;
  for (const key of Object.keys(value)) {
    const loss = worst((value as Readonly<Record<string, unknown>>)[key]);
    if (loss === undefined) continue;
    const found = { ...loss, place: `.${key}${loss.place}` };
    if (found.isGrave) return found;
    slightest ??= found;
  }
  return slightest;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || PLAIN_CLASSES.has(value.constructor.name)) return true;
  const isOfOtherRealm = typeof prototype === "object" && Object.getPrototypeOf(prototype) === null;
  return isOfOtherRealm;
}

function lossOfClass(value: object): LossAt {
  const what = `a ${value.constructor.name}, which`;
  if (ArrayBuffer.isView(value)) return slight(`${what} becomes text or an object (pass a base64 string)`);
  if (value instanceof Date) return slight(`${what} becomes a string (use toISOString())`);
  if (value instanceof Map || value instanceof Set || value instanceof Error) return grave(`${what} becomes {}`);
  return slight(`${what} becomes a plain object without its class`);
}

function grave(what: string): LossAt {
  return { place: "", what, isGrave: true };
}

function slight(what: string): LossAt {
  return { place: "", what, isGrave: false };
}
