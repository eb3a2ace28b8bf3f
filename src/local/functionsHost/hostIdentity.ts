import { randomBytes } from "node:crypto";
import * as v from "valibot";

interface IdentityEntry {
  readonly systemKey: string;
}

/** 24 bytes in base64url. */
const identityEntry = v.object({ systemKey: v.pipe(v.string(), v.regex(/^[\w-]{32}$/)) });

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

  check(entry: unknown): void {
    v.parse(identityEntry, entry);
  }

  apply({ systemKey }: IdentityEntry): void {
    this.#systemKey = systemKey;
  }

  *snapshot(): Iterable<IdentityEntry> {
    if (this.#systemKey !== undefined) yield { systemKey: this.#systemKey };
  }
}
