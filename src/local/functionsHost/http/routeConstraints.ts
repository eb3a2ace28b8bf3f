export type Constraint = (value: string) => boolean;

type Numbers = readonly [number, number];

/** Without arguments. */
const PLAIN: Readonly<Record<string, RegExp>> = {
  int: /^-?\d{1,10}$/,
  long: /^-?\d{1,19}$/,
  bool: /^(true|false)$/i,
  guid: /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i,
  alpha: /^[a-z]+$/i,
  decimal: /^-?\d+(\.\d+)?$/,
  double: /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i,
  float: /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i,
  required: /./s,
};

/** With one number. */
const ONE: Readonly<Record<string, (limit: number) => Constraint>> = {
  min: (least) => (value) => isWhole(value) && Number(value) >= least,
  max: (most) => (value) => isWhole(value) && Number(value) <= most,
  minlength: (least) => (value) => value.length >= least,
  maxlength: (most) => (value) => value.length <= most,
  length: (exact) => (value) => value.length === exact,
};

/** With two. */
const TWO: Readonly<Record<string, (limits: Numbers) => Constraint>> = {
  range:
    ([least, most]) =>
    (value) =>
      isWhole(value) && Number(value) >= least && Number(value) <= most,
  length:
    ([least, most]) =>
    (value) =>
      value.length >= least && value.length <= most,
};

/** Undefined if there is no such constraint. https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints */
export function parseConstraint(text: string): Constraint | undefined {
  const [, name = "", argument] = /^([a-z]+)(?:\((.*)\))?$/is.exec(text) ?? [];
  const key = name.toLowerCase();
  if (argument === undefined) return own(PLAIN, key) ? matches(PLAIN[key]) : undefined;
  if (key === "regex") return regexConstraint(argument);
  const numbers = argument.split(",").map((part) => (/^\s*-?\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  const [first = Number.NaN, second = Number.NaN] = numbers;
  if (numbers.some(Number.isNaN)) return undefined;
  if (numbers.length === 1) return own(ONE, key) ? ONE[key]?.(first) : undefined;
  return numbers.length === 2 && own(TWO, key) ? TWO[key]?.([first, second]) : undefined;
}

/** Braces are doubled in a template, and case does not count. */
function regexConstraint(pattern: string): Constraint | undefined {
  try {
    return matches(new RegExp(pattern.replaceAll("{{", "{").replaceAll("}}", "}"), "i"));
  } catch {
    return undefined;
  }
}

function matches(pattern: RegExp | undefined): Constraint | undefined {
  return pattern === undefined ? undefined : (value) => pattern.test(value);
}

function own(table: object, key: string): boolean {
  return Object.hasOwn(table, key);
}

function isWhole(value: string): boolean {
  return /^-?\d{1,19}$/.test(value);
}
