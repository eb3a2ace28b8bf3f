import { withoutSecrets } from "../../model/redact.ts";

/** Shorter ones would hide words of every sentence. */
const LEAST_LENGTH = 8;

/** Keys that were read to look at things, and that no finding may show, whoever has quoted them. */
export class Secrets {
  readonly #known = new Set<string>();

  add(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= LEAST_LENGTH) this.#known.add(secret);
  }

  hide(text: string): string {
    let hidden = text;
    for (const secret of this.#known) {
      hidden = hidden.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
    }
    return withoutSecrets(hidden);
  }
}
