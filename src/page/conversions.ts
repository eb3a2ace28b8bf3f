import type { Api, ListQuery } from "./api.ts";
import { ApiError } from "./api.ts";
import { drawLastHour, tabTitle } from "./chart.ts";
import type { ConversionList, ConversionSummary } from "../model/conversionList.ts";
import type { RowActions } from "./conversionRow.ts";
import { ConversionRow } from "./conversionRow.ts";
import { byId, make, setText } from "./dom.ts";
import { formatCount } from "./format.ts";

/** How many empty pages are passed over: a filter that fits little is looked for in bounded steps. */
const MAX_EMPTY_PAGES = 20;

/** The list of conversions: one page of it, with its filter. Looking again is one request, whatever there is. */
export class Conversions {
  readonly #api: Api;
  readonly #actions: RowActions;
  readonly #onFilter: () => void;
  readonly #rows = new Map<string, ConversionRow>();
  readonly #form = byId("filter", HTMLFormElement);
  readonly #codes = new Set<string>();
  /** Where the pages up to this one begin. */
  #pages: (string | null)[] = [null];
  #next: string | null = null;
  /** Counts the changes of what is looked at, so that a late answer to an older question is not shown. */
  #question = 0;

  constructor(api: Api, actions: RowActions, onFilter: () => void) {
    this.#api = api;
    this.#actions = actions;
    this.#onFilter = onFilter;
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#turnTo([null]));
    byId("newer", HTMLElement).addEventListener("click", () => this.#leaf(this.#pages.slice(0, -1)));
    byId("older", HTMLElement).addEventListener("click", () => this.#leaf([...this.#pages, this.#next]));
  }

  get filter(): Omit<ListQuery, "continuation"> {
    const fields = new FormData(this.#form);
    const [status = "", prefix = "", code = ""] = ["status", "prefix", "code"].map((name) => {
      const value = fields.get(name);
      return typeof value === "string" ? value.trim() : "";
    });
    return { status, prefix, code: status === "failed" ? code : "" };
  }

  /** Undefined if the question has changed in the meantime. */
  async look(): Promise<ConversionList | undefined> {
    const question = this.#question;
    let list = await this.#api.list({ ...this.filter, continuation: this.#pages.at(-1) ?? null });
    for (
      let pages = 1;
      pages < MAX_EMPTY_PAGES && list.conversions.length === 0 && list.continuation !== null;
      pages += 1
    ) {
      list = await this.#api.list({ ...this.filter, continuation: list.continuation });
    }
    if (question !== this.#question) return undefined;
    this.#show(list);
    return list;
  }

  setBusy(id: string, isBusy: boolean): void {
    this.#rows.get(id)?.setBusy(isBusy);
  }

  /** The button may be gone on the other page, so the focus goes to where the reading goes on. */
  #leaf(pages: (string | null)[]): void {
    this.#turnTo(pages);
    byId("list-title", HTMLElement).focus();
  }

  #turnTo(pages: (string | null)[]): void {
    this.#pages = pages;
    this.#question += 1;
    this.#showControls();
    this.#onFilter();
  }

  #show({ conversions, counts, lastHour, continuation }: ConversionList): void {
    this.#next = continuation;
    const total = counts.running + counts.succeeded + counts.failed + counts.cancelled;
    const isEmpty = total === 0 && conversions.length === 0;
    document.body.classList.toggle("empty", isEmpty);
    byId("conversions", HTMLElement).hidden = isEmpty;
    this.#showRows(conversions);
    this.#showCounts({ "": total, ...counts }, counts.isComplete);
    drawLastHour(lastHour.minutes);
    document.title = tabTitle(counts.running);
    for (const { error } of conversions) if (error !== null) this.#codes.add(error.code);
    const options = [...this.#codes].toSorted().map((code) => make("option", { value: code }));
    const known = byId("codes", HTMLElement);
    if (known.childElementCount !== options.length) known.replaceChildren(...options);
    this.#showControls();
  }

  #showRows(conversions: readonly ConversionSummary[]): void {
    const list = byId("rows", HTMLElement);
    const now = new Date();
    const kept = new Set(conversions.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const [index, conversion] of conversions.entries()) {
      const row = this.#rows.get(conversion.id);
      row?.update(conversion, now);
      const { element } = row ?? this.#addRow(conversion);
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    }
    const nothing = byId("nothing", HTMLElement);
    nothing.hidden = conversions.length > 0;
    setText(nothing, this.#next === null ? "No conversion fits." : "None found so far. “Older” looks further.");
  }

  #addRow(conversion: ConversionSummary): ConversionRow {
    const row = new ConversionRow(conversion, this.#actions);
    this.#rows.set(conversion.id, row);
    return row;
  }

  #showCounts(counts: Readonly<Record<string, unknown>>, isComplete: boolean): void {
    for (const chip of this.#form.querySelectorAll<HTMLInputElement>("input[name=status]")) {
      const number = chip.parentElement?.querySelector("b");
      const count = Number(counts[chip.value] ?? 0);
      if (number) setText(number, `${formatCount(count)}${isComplete ? "" : "+"}`);
    }
  }

  #showControls(): void {
    const { status } = this.filter;
    byId("code-field", HTMLElement).hidden = status !== "failed";
    byId("retry-all", HTMLElement).hidden = status !== "failed" || this.#rows.size === 0;
    byId("newer", HTMLElement).hidden = this.#pages.length === 1;
    byId("older", HTMLElement).hidden = this.#next === null;
    setText(byId("page-number", HTMLElement), this.#pages.length === 1 ? "" : `Page ${this.#pages.length}`);
  }
}

/** What to tell a user of a request that failed. */
export function reasonOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
