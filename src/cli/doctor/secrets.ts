import { withoutSecrets } from "../../model/redact.ts";
import type { Environment } from "../../model/settings.ts";

/** Shorter ones would hide words of every sentence. */
const LEAST_LENGTH = 8;

/** Keys that were read to look at things, and that no finding may show, whoever has quoted them. */
export class Secrets {
  readonly #known = new Set<string>();

  add(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= LEAST_LENGTH) this.#known.add(secret);
  }

  /** The keys among the settings of an app, by their names or in a connection string. */
  addFrom(settings: Environment): void {
    for (const [name, value] of Object.entries(settings)) {
      if (/KEY|SECRET|PASSWORD/i.test(name)) this.add(value);
      this.add(/AccountKey=([^;]+)/.exec(value ?? "")?.[1]);
    }
  }

  hide(text: string): string {
    let hidden = text;
    for (const secret of this.#known) {
      hidden = hidden.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
    }
    return withoutSecrets(hidden);
  }
}
