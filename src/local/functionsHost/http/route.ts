import { UserError } from "../../kit/userError.ts";
import { parseConstraint } from "./routeConstraints.ts";
import type { Constraint } from "./routeConstraints.ts";

export interface Route {
  /** The parameters of a path that matches; undefined if it does not. */
  match(path: string): Record<string, string> | undefined;
}

interface Parameter {
  readonly name: string;
  readonly constraints: readonly Constraint[];
  /** What it is where the path does not have it. */
  readonly fallback: string | undefined;
}

interface Segment {
  /** Each with one group for a parameter; the first that fits counts. */
  readonly patterns: readonly RegExp[];
  readonly parameters: readonly Parameter[];
  readonly isOptional: boolean;
  readonly isRest: boolean;
}

/** Parses a route template. https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates */
export function parseRoute(template: string, functionName: string): Route {
  const fail = (problem: string): never => {
    throw new UserError("BadRoute", `The route "${template}" of function ${functionName} cannot be used: ${problem}`);
  };
  const segments = splitTemplate(template).map((part) => parseSegment(part, fail));
  return { match: (path) => matchSegments(segments, split(path)) };
}

/** In a constraint, a brace or a slash does not end anything. */
const PARAMETER = /\{((?:[^{}]|\{\{|\}\})+)\}/g;

function splitTemplate(template: string): string[] {
  const parts = template.match(/(?:\{(?:[^{}]|\{\{|\}\})+\}|[^/])+/g) ?? [];
  return parts.filter((part) => part !== "");
}

function parseSegment(part: string, fail: (problem: string) => never): Segment {
  const parameters: Parameter[] = [];
  let source = "";
  let shorter: string | undefined;
  let end = 0;
  let isRest = false;
  let isOptional = false;
  for (const found of part.matchAll(PARAMETER)) {
    const before = literal(part.slice(end, found.index), part, fail);
    end = found.index + found[0].length;
    const parsed = parseParameter(found[1] ?? "", part, fail);
    isRest ||= parsed.isRest;
    const isLast = end === part.length;
    if (parsed.isOptional && !isLast) fail(`in "${part}" only the last parameter may be optional`);
    const isWhole = isLast && parameters.length === 0 && before === "";
    isOptional ||= isWhole && (parsed.isOptional || parsed.isRest || parsed.parameter.fallback !== undefined);
    // The point before an optional parameter may be missing with it.
    if (parsed.isOptional && before.endsWith("\\.")) shorter = source + before.slice(0, -2);
    source += `${before}(${parsed.isRest ? ".*" : ".+"})`;
    parameters.push(parsed.parameter);
  }
  source += literal(part.slice(end), part, fail);
  if (isRest && (parameters.length > 1 || !part.startsWith("{"))) fail(`"${part}" has more than a catch-all`);
  const patterns = [source, shorter].flatMap((text) => (text === undefined ? [] : new RegExp(`^${text}$`, "is")));
  return { patterns, parameters, isOptional, isRest };
}

function literal(text: string, part: string, fail: (problem: string) => never): string {
  if (/[{}]/.test(text)) fail(`"${part}" is not a parameter like {name}, {name?}, {name:int}, {name=x} or {*name}`);
  return text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
}

function parseParameter(
  text: string,
  part: string,
  fail: (problem: string) => never,
): { parameter: Parameter; isRest: boolean; isOptional: boolean } {
  const match = /^(\*{0,2})([A-Za-z_][\w-]*)((?::(?:\w+\(.*?\)(?=[:=?]|$)|[^:=?]+))*)(?:=(.*?))?(\?)?$/s.exec(text);
  if (match === null) return fail(`"${part}" is not a parameter like {name}, {name?}, {name:int}, {name=x} or {*name}`);
  const [, stars = "", name = "", constraintText = "", fallback, question] = match;
  const constraints = [...constraintText.matchAll(/:(\w+\(.*?\)(?=[:=?]|$)|[^:]+)/gs)].map(([, constraint = ""]) => {
    return parseConstraint(constraint) ?? fail(`the embedded host does not know the constraint "${constraint}"`);
  });
  return {
    parameter: { name, constraints, fallback },
    isRest: stars !== "",
    isOptional: question !== undefined,
  };
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = segment.isRest ? parts.slice(index).map(decode).join("/") : parts[index];
    if (part === undefined || part === "") {
      if (!segment.isOptional) return undefined;
      for (const { name, fallback } of segment.parameters) if (fallback !== undefined) values[name] = fallback;
      if (segment.isRest) return values;
      continue;
    }
    const found = firstMatch(segment.patterns, segment.isRest ? part : decode(part));
    if (found === undefined) return undefined;
    for (const [position, { name, constraints }] of segment.parameters.entries()) {
      const value = found[position + 1];
      if (value === undefined) continue;
      if (constraints.some((isMet) => !isMet(value))) return undefined;
      values[name] = value;
    }
    if (segment.isRest) return values;
  }
  return parts.length <= segments.length ? values : undefined;
}

function firstMatch(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text);
    if (found !== null) return found;
  }
  return undefined;
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
