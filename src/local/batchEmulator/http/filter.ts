import { invalidQuery } from "../serviceError.ts";
import type { FieldKind } from "./fields.ts";

/**
 * Decides whether an entity, in the form answers give it, is wanted. Of an outline, which lacks most properties: whether it
 * may be, whatever those are.
 */
export type Predicate = (view: object, isOutline?: boolean) => boolean;

type Value = string | number | boolean;
type Fields = Readonly<Record<string, FieldKind>>;

/** `$filter`: https://learn.microsoft.com/rest/api/batchservice/odata-filters-in-batch */
export function parseFilter(text: string, fields: Fields): Predicate {
  const parser = new FilterParser(text, fields);
  const predicate = parser.parseOr();
  parser.expectEnd();
  return predicate;
}

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

const TOKEN = /\s*(?:(DateTime(?:Offset)?\s*'[^']*')|('(?:[^']|'')*')|([()=,])|([^\s()',]+))/iy;

/** Deeper than anybody writes, and not deep enough to overflow the stack. */
const MAX_DEPTH = 100;

class FilterParser {
  readonly #text: string;
  readonly #fields: Fields;
  readonly #tokens: string[];
  #next = 0;
  #depth = 0;

  constructor(text: string, fields: Fields) {
    this.#text = text;
    this.#fields = fields;
    this.#tokens = this.#tokenize();
  }

  parseOr(): Predicate {
    if (++this.#depth > MAX_DEPTH) throw this.#error("It is nested too deeply");
    const parts = this.#parseJoinedBy("or", () => this.#parseAnd());
    this.#depth--;
    return (view, isOutline) => parts.some((part) => part(view, isOutline));
  }

  expectEnd(): void {
    const token = this.#tokens[this.#next];
    if (token !== undefined) throw this.#error(`Unexpected "${token}"`);
  }

  #parseAnd(): Predicate {
    const parts = this.#parseJoinedBy("and", () => this.#parseTerm());
    return (view, isOutline) => parts.every((part) => part(view, isOutline));
  }

  #parseJoinedBy(word: string, parsePart: () => Predicate): Predicate[] {
    const parts = [parsePart()];
    while (this.#take(word)) parts.push(parsePart());
    return parts;
  }

  #parseTerm(): Predicate {
    if (this.#take("(")) {
      const inner = this.parseOr();
      if (!this.#take(")")) throw this.#error("A closing bracket is missing");
      return inner;
    }
    const token = this.#expect("a property");
    if (token.toLowerCase() === "startswith" && this.#take("(")) return this.#parseStartsWith();
    const kind = this.#kindOf(token);
    const operator = this.#expect("an operator");
    const decide = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    if (decide === undefined) throw this.#error(`"${operator}" is not one of ${Object.keys(OPERATORS).join(", ")}`);
    const wanted = this.#parseValue(kind, this.#expect("a value"));
    return (view, isOutline = false) => {
      const found = valueAt(view, token, kind);
      if (found === undefined && isOutline) return true;
      // A property that is missing equals nothing, and is neither less nor more than anything.
      return found === undefined ? operator === "ne" : decide(compare(found, wanted));
    };
  }

  #parseStartsWith(): Predicate {
    const name = this.#expect("a property");
    const kind = this.#kindOf(name);
    if (kind !== "string") throw this.#error(`startswith does not apply to ${name}`);
    if (!this.#take(",")) throw this.#error("A comma is missing");
    const prefix = String(this.#parseValue("string", this.#expect("a string")));
    if (!this.#take(")")) throw this.#error("A closing bracket is missing");
    return (view, isOutline = false) => {
      const found = valueAt(view, name, "string");
      return found === undefined ? isOutline || prefix === "" : String(found).startsWith(prefix);
    };
  }

  #parseValue(kind: FieldKind, token: string): Value {
    switch (kind) {
      case "string":
        if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'").toLowerCase();
        throw this.#error(`"${token}" must be in single quotes`);
      case "number":
        if (/^-?\d+(?:\.\d+)?$/.test(token)) return Number(token);
        throw this.#error(`"${token}" must be a number`);
      case "boolean":
        if (token === "true" || token === "false") return token === "true";
        throw this.#error(`"${token}" must be true or false`);
      case "time": {
        const quoted = /^DateTime(?:Offset)?\s*'([^']*)'$/i.exec(token)?.[1];
        const ms = Date.parse(quoted ?? "");
        if (!Number.isNaN(ms)) return ms;
        throw this.#error(`"${token}" must be a time such as DateTime'2026-01-31T12:00:00Z'`);
      }
    }
  }

  #kindOf(name: string): FieldKind {
    const kind = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    if (kind === undefined) throw this.#error(`"${name}" is not a property that can be filtered by`);
    return kind;
  }

  #expect(what: string): string {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw this.#error(`It ends where ${what} is expected`);
    return token;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next++;
    return true;
  }

  #tokenize(): string[] {
    const tokens: string[] = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < this.#text.trimEnd().length;) {
      const at = TOKEN.lastIndex;
      const match = TOKEN.exec(this.#text);
      if (match === null) throw this.#error(`Cannot be read from character ${at + 1}`);
      tokens.push(match[0].trim());
    }
    return tokens;
  }

  #error(reason: string): Error {
    return invalidQuery("$filter", this.#text, reason);
  }
}

function valueAt(view: object, path: string, kind: FieldKind): Value | undefined {
  // Tasks are filtered by a name that answers do not use.
  const name = path === "lastModifiedTime" ? "lastModified" : path;
  let value: unknown = view;
  for (const part of name.split("/")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  switch (kind) {
    case "string":
      return typeof value === "string" ? value.toLowerCase() : undefined;
    case "time":
      return typeof value === "string" ? Date.parse(value) : undefined;
    case "number":
      return typeof value === "number" ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
  }
}

function compare(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
