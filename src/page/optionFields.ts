import type { PageOption, PageWorkload } from "../model/pageSettings.ts";
import { byId, make } from "./dom.ts";

/** Names of settings are of no use here. */
const SETTING_OF_THE_APP = /^[A-Z\d_]+ of the app$/;

/** The options for the next files, as the workloads name them. What is left empty is as the app has it. */
export class OptionFields {
  #workloads: readonly PageWorkload[] = [];
  readonly #fields = new Map<string, HTMLInputElement | HTMLSelectElement>();

  show(workloads: readonly PageWorkload[]): void {
    this.#workloads = workloads;
    const options = workloads.flatMap((workload) => workload.options);
    byId("options", HTMLElement).hidden = options.length === 0;
    byId("option-fields", HTMLElement).replaceChildren(...options.map((option) => this.#createField(option)));
  }

  /** Only those of the workloads that take the file. The app says what is wrong with a value. */
  chosenFor(fileName: string): Readonly<Record<string, string>> {
    const takers = this.#workloads.filter(({ suffixes }) =>
      suffixes.some((suffix) => fileName.toLowerCase().endsWith(suffix)),
    );
    const names = takers.flatMap(({ options }) => options.map(({ name }) => name));
    const values = names.map((name) => [name, this.#fields.get(name)?.value.trim() ?? ""] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== ""));
  }

  #createField({ name, about, allowed, choices, fallback }: PageOption): HTMLElement {
    const otherwise = fallback.replace(SETTING_OF_THE_APP, "as set for the app");
    const hint = make("small", { id: `option-${name}-hint` }, `${about}${choices === null ? `: ${allowed}` : ""}`);
    const described = { id: `option-${name}`, "aria-describedby": hint.id };
    const field =
      choices === null
        ? make("input", {
            ...described,
            type: "text",
            placeholder: otherwise,
            autocomplete: "off",
            spellcheck: "false",
          })
        : make("select", described, ...["", ...choices].map((value) => choice(value, otherwise)));
    this.#fields.set(name, field);
    return make("div", { class: "field" }, make("label", { for: field.id }, name), field, hint);
  }
}

function choice(value: string, otherwise: string): HTMLOptionElement {
  return make("option", { value }, value === "" ? `– (${otherwise})` : value);
}
