import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { Output } from "../../local/kit/commandLine/output.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { Limiter } from "../../local/kit/limiter.ts";
import { UserError } from "../../local/kit/userError.ts";
import type { ConversionView } from "../../model/conversion.ts";
import type { AppApi } from "../api/appApi.ts";
import { ApiFailure } from "../api/appApi.ts";
import { findConversion } from "./findConversion.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";

/** Of the commands that do something to each conversion that is named. */
export const OUTCOME_OPTIONS = {
  json: {
    type: "boolean",
    default: false,
    help: 'one JSON document on stdout: {"conversions": [{"id", "word", "outcome", "code", "message"}, ...]}',
  },
} as const satisfies OptionTable;

const AT_ONCE = 8;

/** What became of one conversion that something was to be done to. */
export interface DoneOutcome<Done extends string = string> {
  /** Null where no conversion has that name. */
  readonly id: string | null;
  /** As it was given. */
  readonly word: string;
  readonly outcome: Done | "refused";
  /** Why it was refused. */
  readonly code: string | null;
  readonly message: string | null;
}

/** The only argument of a command that takes one. Throws a `UserError`. */
export function onlyWord(command: string, [word, ...more]: readonly string[]): string {
  if (word === undefined) throw wrongUsage("No conversion was named", `Give its id or its name. ${seeHelp(command)}`);
  if (more.length > 0) throw wrongUsage(`One conversion at a time, not ${more.length + 1}`, seeHelp(command));
  return word;
}

/** Does something to each. The outcomes are in the order of the words; throws only where the app cannot be asked at all. */
export async function doToEach<Done extends string>(
  api: AppApi,
  words: readonly string[],
  signal: AbortSignal,
  { done, act }: { readonly done: Done; readonly act: (id: string, signal: AbortSignal) => Promise<ConversionView> },
): Promise<DoneOutcome<Done>[]> {
  const limiter = new Limiter(AT_ONCE);
  const doOne = async (word: string): Promise<DoneOutcome<Done>> => {
    let id: string | null = null;
    try {
      id = await findConversion(api, word, signal);
      await act(id, signal);
      return { id, word, outcome: done, code: null, message: null };
    } catch (error) {
      if (!isAboutOne(error)) throw error;
      return { id, word, outcome: "refused", code: error.code, message: error.message };
    }
  };
  return Promise.all([...new Set(words)].map((word) => limiter.run(() => doOne(word))));
}

/** Without an answer, or without the right to ask, the next one would fare no better. */
function isAboutOne(error: unknown): error is UserError {
  if (error instanceof ApiFailure) return error.status === 404 || error.status === 409 || error.status === 503;
  return error instanceof UserError && error.code === "ConversionNotFound";
}

/** One line for each: those that were obeyed are the result, the others are told beside it. */
export function tellOutcomes(outcomes: readonly DoneOutcome[], words: string, output: Output): void {
  for (const { word, outcome, code, message } of outcomes) {
    if (outcome === "refused") output.note(`${styled("red", "✗")} ${printable(`${word}: ${code}: ${message}`)}`);
    else output.result(`${printable(word)}: ${words}`);
  }
}
