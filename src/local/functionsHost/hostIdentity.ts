import { randomBytes } from "node:crypto";

interface IdentityEntry {
  readonly systemKey: string;
}

/** The key in management links, made once per data folder. */
export class HostIdentity {
  #systemKey: string | undefined;

  get systemKey(): string {
    if (this.#systemKey === undefined) throw new Error("The host has no system key yet");
    return this.#systemKey;
  }

  ensureKey(persist: (entry: IdentityEntry) => void): void {
    if (this.#systemKey !== undefined) return;
    const entry = { systemKey: randomBytes(24).toString("base64url") };
    persist(entry);
    this.apply(entry);
  }

  apply({ systemKey }: IdentityEntry): void {
    this.#systemKey = systemKey;
  }

  *snapshot(): Iterable<IdentityEntry> {
    if (this.#systemKey !== undefined) yield { systemKey: this.#systemKey };
  }
}
