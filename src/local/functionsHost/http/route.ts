import { UserError } from "../../kit/userError.ts";

export interface Route {
  /** The parameters of a path that matches; undefined if it does not. */
  match(path: string): Record<string, string> | undefined;
}

interface Segment {
  readonly literal?: string;
  readonly parameter?: string;
  readonly isOptional: boolean;
  readonly isRest: boolean;
  readonly constraint?: RegExp;
}

/** By name; where one takes a number, that follows in parentheses. */
const CONSTRAINTS: Readonly<Record<string, (argument: number) => RegExp>> = {
  int: () => /^-?\d{1,10}$/,
  long: () => /^-?\d{1,19}$/,
  bool: () => /^(true|false)$/i,
  guid: () => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i,
  alpha: () => /^[a-z]+$/i,
  maxlength: (most) => new RegExp(`^.{0,${most}}$`, "s"),
};

/** Parses a route template. https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates */
export function parseRoute(template: string, functionName: string): Route {
  const segments = split(template).map((part) => parseSegment(part, template, functionName));
  return { match: (path) => matchSegments(segments, split(path)) };
}

function parseSegment(part: string, template: string, functionName: string): Segment {
  const match = /^\{(\*{0,2})([A-Za-z_][\w-]*)(?::([^}?=]+))?(\?)?\}$/.exec(part);
  if (match === null) {
    if (/[{}]/.test(part)) {
      throw badRoute(
        template,
        functionName,
        `"${part}" is not a parameter like {name}, {name?}, {name:int} or {*name}`,
      );
    }
    return { literal: part.toLowerCase(), isOptional: false, isRest: false };
  }
  const [, stars = "", parameter = "", constraintText, question] = match;
  const constraint = constraintText === undefined ? undefined : parseConstraint(constraintText);
  if (constraintText !== undefined && constraint === undefined) {
    throw badRoute(template, functionName, `the embedded host does not know the constraint "${constraintText}"`);
  }
  const isRest = stars !== "";
  return { parameter, isRest, isOptional: isRest || question !== undefined, ...(constraint ? { constraint } : {}) };
}

function parseConstraint(text: string): RegExp | undefined {
  const [, name = "", argument] = /^([a-z]+)(?:\((\d{1,4})\))?$/i.exec(text) ?? [];
  const takesNumber = name.toLowerCase() === "maxlength";
  return takesNumber === (argument !== undefined) ? CONSTRAINTS[name.toLowerCase()]?.(Number(argument)) : undefined;
}

function badRoute(template: string, functionName: string, problem: string): UserError {
  return new UserError("BadRoute", `The route "${template}" of function ${functionName} cannot be used: ${problem}`);
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.isRest && segment.parameter !== undefined) {
      const rest = parts.slice(index).map(decode).join("/");
      if (rest !== "") parameters[segment.parameter] = rest;
      return parameters;
    }
    const part = parts[index];
    if (part === undefined) {
      if (segment.isOptional) continue;
      return undefined;
    }
    if (segment.parameter === undefined) {
      if (decode(part).toLowerCase() !== segment.literal) return undefined;
    } else {
      const value = decode(part);
      if (segment.constraint?.test(value) === false) return undefined;
      parameters[segment.parameter] = value;
    }
  }
  return parts.length <= segments.length ? parameters : undefined;
}

function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
