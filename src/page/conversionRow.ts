import type { ConversionSummary } from "../model/conversionList.ts";
import { button, make, nameElements, setText } from "./dom.ts";
import { formatAgo, formatBytes, formatSeconds } from "./format.ts";

export interface RowActions {
  play(conversion: ConversionSummary): void;
  save(conversion: ConversionSummary): void;
  showLog(conversion: ConversionSummary): void;
  retry(conversion: ConversionSummary): void;
  cancel(conversion: ConversionSummary): void;
}

/** A conversion in the list. It changes with the conversion, but its element stays, and with it the focus. */
export class ConversionRow {
  readonly element: HTMLLIElement;
  #conversion: ConversionSummary;
  #isBusy = false;
  readonly #state = make("p", { class: "state" });
  readonly #progress = make("progress", { max: "100" });
  readonly #error = make("p", { class: "error" });
  readonly #hint = make("p", { class: "hint" });
  readonly #buttons: Readonly<Record<keyof RowActions, HTMLButtonElement>>;

  constructor(conversion: ConversionSummary, actions: RowActions) {
    this.#conversion = conversion;
    const { name } = conversion.input;
    const action = (key: keyof RowActions, text: string): HTMLButtonElement => {
      const element = button(text, name, () => {
        if (!this.#isBusy) actions[key](this.#conversion);
      });
      element.dataset["action"] = key;
      return element;
    };
    this.#buttons = {
      play: action("play", "Play"),
      save: action("save", "Save"),
      showLog: action("showLog", "Log"),
      retry: action("retry", "Retry"),
      cancel: action("cancel", "Cancel"),
    };
    this.#progress.setAttribute("aria-label", `Conversion of ${name}`);
    const title = make("p", { class: "name", title: name }, nameElements(name));
    this.element = make(
      "li",
      { class: "row", "data-id": conversion.id, tabindex: "-1" },
      make("span", { class: "mark", "aria-hidden": "true" }),
      make("div", { class: "what" }, title, this.#state, this.#progress, this.#error, this.#hint),
      make("div", { class: "actions" }, ...Object.values(this.#buttons)),
    );
    this.update(conversion, new Date());
  }

  update(conversion: ConversionSummary, now: Date): void {
    this.#conversion = conversion;
    const hadFocus = this.element.contains(document.activeElement);
    const { status, phase, percent, error, output } = conversion;
    this.element.dataset["status"] = status;
    this.element.dataset["phase"] = phase;
    setText(this.#state, stateOf(conversion, now));
    this.#state.title = conversion.endedAt === null ? "" : new Date(conversion.endedAt).toLocaleString();
    this.#progress.hidden = status !== "running" || phase !== "converting";
    if (percent === null) this.#progress.removeAttribute("value");
    else this.#progress.value = percent;
    this.#error.hidden = error === null || status === "cancelled";
    this.#hint.hidden = error === null || status === "cancelled";
    if (error !== null) {
      if (this.#error.dataset["message"] !== error.message) {
        this.#error.dataset["message"] = error.message;
        this.#error.replaceChildren(make("code", {}, error.code), ` ${error.message}`);
      }
      setText(this.#hint, error.hint);
    }
    const isPlayable = status === "succeeded" && (output?.name.toLowerCase().endsWith(".mp3") ?? false);
    this.#buttons.play.hidden = !isPlayable;
    this.#buttons.save.hidden = status !== "succeeded" || output === null;
    this.#buttons.showLog.hidden = status !== "failed";
    this.#buttons.retry.hidden = status !== "failed" && status !== "cancelled";
    this.#buttons.cancel.hidden = status !== "running" || phase === "publishing" || phase === "finished";
    // What was pressed may be gone now. Whoever uses the keyboard goes on from here, not from the top of the page.
    if (hadFocus && !this.#hasVisibleFocus()) this.element.focus();
  }

  /** Until the answer to what was clicked is there. The buttons keep the focus, which disabled ones would lose. */
  setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    for (const one of Object.values(this.#buttons)) one.ariaDisabled = String(isBusy);
  }

  #hasVisibleFocus(): boolean {
    const { activeElement } = document;
    return this.element.contains(activeElement) && activeElement?.closest("[hidden]") === null;
  }
}

const PHASES: Readonly<Record<ConversionSummary["phase"], string>> = {
  preparing: "Preparing",
  waiting: "Waiting",
  converting: "Converting",
  publishing: "Checking the result",
  finished: "Finishing",
};

function stateOf(conversion: ConversionSummary, now: Date): string {
  const { status, endedAt, uploadedAt, sizeBytes, output, attempt } = conversion;
  const ago = formatAgo(endedAt ?? uploadedAt, now);
  switch (status) {
    case "running":
      return runningState(conversion, now);
    case "succeeded": {
      const sizes = [sizeBytes, output?.sizeBytes].filter((size) => typeof size === "number").map(formatBytes);
      const took = endedAt === null ? "" : ` in ${secondsBetween(uploadedAt, endedAt)}`;
      return [`Converted${took}`, sizes.join(" → "), ago].filter((part) => part !== "").join(" · ");
    }
    case "failed":
      return [attempt > 1 ? `Failed after ${attempt} attempts` : "Failed", ago].join(" · ");
    case "cancelled":
      return `Cancelled · ${ago}`;
  }
}

function runningState(
  { phase, percent, waitReason, waitingSince, attempt, uploadedAt }: ConversionSummary,
  now: Date,
): string {
  const time = secondsBetween(waitingSince ?? uploadedAt, now.toISOString());
  const parts = [
    waitingSince === null ? PHASES[phase] : `${PHASES[phase]} for ${time}`,
    ...(phase === "converting" && percent !== null ? [`${Math.floor(percent)} %`] : []),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(waitingSince === null ? [time] : []),
    ...(waitReason === null ? [] : [waitReason]),
  ];
  return parts.join(" · ");
}

/** In words. */
function secondsBetween(from: string, to: string): string {
  return formatSeconds((Date.parse(to) - Date.parse(from)) / 1000);
}
