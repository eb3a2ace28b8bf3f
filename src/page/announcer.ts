import { byId, setText } from "./dom.ts";
import { plural } from "./format.ts";
import type { ConversionSummary } from "../model/conversionList.ts";

const MOST_BY_NAME = 2;

/** Says in the live region which of the conversions that were seen running have ended, and no more than that. */
export class Announcer {
  readonly #region = byId("news", HTMLElement);
  #running: ReadonlySet<string> = new Set();

  say(text: string): void {
    setText(this.#region, text);
  }

  tellEnds(conversions: readonly ConversionSummary[]): void {
    const ended = conversions.filter(({ id, status }) => status !== "running" && this.#running.has(id));
    this.#running = new Set(conversions.filter(({ status }) => status === "running").map(({ id }) => id));
    if (ended.length === 0) return;
    if (ended.length <= MOST_BY_NAME) {
      this.say(ended.map(({ input, status }) => `${input.name} ${WORDS[status]}.`).join(" "));
      return;
    }
    const failed = ended.filter(({ status }) => status === "failed").length;
    this.say(`${plural(ended.length, "conversion")} have ended, ${failed === 0 ? "none" : failed} with a failure.`);
  }
}

const WORDS: Readonly<Record<ConversionSummary["status"], string>> = {
  running: "is running",
  succeeded: "is converted",
  failed: "could not be converted",
  cancelled: "is cancelled",
};
