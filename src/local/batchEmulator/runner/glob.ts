import { matchesSteps } from "./sequencePattern.ts";
import type { Step } from "./sequencePattern.ts";

/** Patterns of output files: https://learn.microsoft.com/rest/api/batchservice/task/add#outputfile */
interface Glob {
  /** The leading folders without wildcards; matching paths are relative to them. */
  readonly fixed: readonly string[];
  /** What is left, one step for each name; undefined when the pattern names one file. */
  readonly wild: Wild | undefined;
}

export type Wild = readonly Step<string>[];

export function parseGlob(pattern: string): Glob {
  const segments = pattern.split("/");
  const firstWild = segments.findIndex(hasWildcard);
  if (firstWild < 0) return { fixed: segments, wild: undefined };
  const steps = segments.slice(firstWild).map((segment) => (segment === "**" ? ANY_FOLDERS : nameStep(segment)));
  // At the end it stands for files, and so for one name at least.
  if (steps.at(-1) === ANY_FOLDERS) steps.push(nameStep("*"));
  return { fixed: segments.slice(0, firstWild), wild: steps.filter(isNotRepeated) };
}

/** Whether a path below the fixed part matches the rest of the pattern. */
export function matchesGlob(wild: Wild, path: string): boolean {
  return matchesSteps(wild, path.split("/"));
}

/** How many levels deep a match may lie; a walk need not go deeper. */
export function globDepth(wild: Wild): number {
  return wild.includes(ANY_FOLDERS) ? Number.POSITIVE_INFINITY : wild.length;
}

/** Only an explicit dot matches a name that starts with one. */
const ANY_FOLDERS: Step<string> = { isMany: true, accepts: (name) => !name.startsWith(".") };

const ANY_CHARACTERS: Step<string> = { isMany: true, accepts: () => true };
const ANY_CHARACTER: Step<string> = { isMany: false, accepts: () => true };

function hasWildcard(segment: string): boolean {
  if (/[*?]/.test(segment)) return true;
  const open = segment.indexOf("[");
  return open >= 0 && segment.lastIndexOf("]") > open + 1;
}

function nameStep(segment: string): Step<string> {
  const startsWild = /^[*?[]/.test(segment) && !segment.startsWith("[.]");
  const steps = characterSteps(segment).filter(isNotRepeated);
  return {
    isMany: false,
    accepts: (name) => !(startsWild && name.startsWith(".")) && matchesSteps(steps, name),
  };
}

/** One after the other, they mean the same as one. */
function isNotRepeated<Item>(step: Step<Item>, index: number, steps: readonly Step<Item>[]): boolean {
  return !(step.isMany && steps[index - 1] === step);
}

/** Characters are code points, as in the names of files. */
function characterSteps(segment: string): Step<string>[] {
  const characters = Array.from(segment);
  const lastClose = characters.lastIndexOf("]");
  const steps: Step<string>[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? "";
    // A closing bracket that comes first in a set is one of its members.
    const firstMember = characters[i + 1] === "!" ? i + 2 : i + 1;
    if (character === "[" && lastClose > firstMember) {
      const close = characters.indexOf("]", firstMember + 1);
      steps.push(setStep(characters.slice(i + 1, close)));
      i = close;
    } else if (character === "*") {
      steps.push(ANY_CHARACTERS);
    } else if (character === "?") {
      steps.push(ANY_CHARACTER);
    } else {
      steps.push({ isMany: false, accepts: (found) => found === character });
    }
  }
  return steps;
}

function setStep(content: readonly string[]): Step<string> {
  const isNegated = content[0] === "!";
  const members = isNegated ? content.slice(1) : content;
  const ranges: (readonly [from: number, to: number])[] = [];
  for (let i = 0; i < members.length; i++) {
    const isRange = members[i + 1] === "-" && members[i + 2] !== undefined;
    ranges.push([codeOf(members[i]), codeOf(isRange ? members[i + 2] : members[i])]);
    if (isRange) i += 2;
  }
  return {
    isMany: false,
    accepts: (found) => ranges.some(([from, to]) => from <= codeOf(found) && codeOf(found) <= to) !== isNegated,
  };
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}
