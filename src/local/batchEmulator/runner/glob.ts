/** Patterns of output files: https://learn.microsoft.com/rest/api/batchservice/task/add#outputfile */
interface Glob {
  /** The leading folders without wildcards; matching paths are relative to them. */
  readonly fixed: readonly string[];
  /** Undefined when the pattern names one file. */
  readonly wild: readonly Segment[] | undefined;
}

type Segment = RegExp | "**";

export function parseGlob(pattern: string): Glob {
  const segments = pattern.split("/");
  const firstWild = segments.findIndex(hasWildcard);
  if (firstWild < 0) return { fixed: segments, wild: undefined };
  return {
    fixed: segments.slice(0, firstWild),
    wild: segments.slice(firstWild).map((segment) => (segment === "**" ? "**" : segmentPattern(segment))),
  };
}

/** Whether a path below the fixed part matches the rest of the pattern. */
export function matchesGlob(wild: readonly Segment[], path: string): boolean {
  return matchesFrom(wild, 0, path.split("/"), 0);
}

/** How many levels deep a match may lie; a walk need not go deeper. */
export function globDepth(wild: readonly Segment[]): number {
  return wild.includes("**") ? Number.POSITIVE_INFINITY : wild.length;
}

function matchesFrom(wild: readonly Segment[], i: number, names: readonly string[], j: number): boolean {
  const segment = wild[i];
  const name = names[j];
  if (segment === undefined) return name === undefined;
  if (segment !== "**") return name !== undefined && segment.test(name) && matchesFrom(wild, i + 1, names, j + 1);
  if (i === wild.length - 1) return name !== undefined && names.slice(j).every((rest) => !rest.startsWith("."));
  if (matchesFrom(wild, i + 1, names, j)) return true;
  return name !== undefined && !name.startsWith(".") && matchesFrom(wild, i, names, j + 1);
}

function hasWildcard(segment: string): boolean {
  return /[*?]|\[.+\]/s.test(segment);
}

function segmentPattern(segment: string): RegExp {
  // Only an explicit dot matches a name that starts with one.
  let source = /^(?:[*?]|\[)/.test(segment) && !segment.startsWith("[.]") ? "(?!\\.)" : "";
  for (let i = 0; i < segment.length; i++) {
    const char = segment.charAt(i);
    const close = char === "[" ? closingBracket(segment, i) : -1;
    if (close > 0) {
      source += bracketPattern(segment.slice(i + 1, close));
      i = close;
    } else if (char === "*") {
      source += "[^/]*";
    } else if (char === "?") {
      source += "[^/]";
    } else {
      source += escape(char);
    }
  }
  return new RegExp(`^${source}$`, "su");
}

/** A closing bracket that comes first in a set is one of its members. */
function closingBracket(segment: string, open: number): number {
  const first = segment.charAt(open + 1) === "!" ? open + 2 : open + 1;
  return segment.indexOf("]", first + 1);
}

function bracketPattern(set: string): string {
  const isNegated = set.startsWith("!");
  const members = Array.from(isNegated ? set.slice(1) : set);
  let source = "";
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? "";
    const to = members[i + 2];
    if (members[i + 1] === "-" && to !== undefined) {
      if (from <= to) source += `${escapeInSet(from)}-${escapeInSet(to)}`;
      i += 2;
    } else {
      source += escapeInSet(from);
    }
  }
  if (source === "") return isNegated ? "[^/]" : "(?!)";
  return isNegated ? `(?!/)[^${source}]` : `[${source}]`;
}

function escape(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/** A hyphen is special in a set, and may not be escaped anywhere else. */
function escapeInSet(char: string): string {
  return char === "-" ? "\\-" : escape(char);
}
