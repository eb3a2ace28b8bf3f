const TICKS_AT_1970 = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;

/** A time as the service writes it: at most seven decimals, no trailing zeros. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

export interface Version {
  eTag: string;
  lastModified: string;
}

/**
 * Hands out versions: a time in ticks of 100 ns that always grows, because two changes within a millisecond must not
 * share an ETag. The ETag is that number in hex, without quotes.
 */
export class VersionSource {
  #last = 0n;

  next(nowMs: number): Version {
    const now = BigInt(Math.floor(nowMs)) * TICKS_PER_MS;
    this.#last = now > this.#last ? now : this.#last + 1n;
    const ticks = this.#last;
    const whole = new Date(Number(ticks / TICKS_PER_MS)).toISOString().slice(0, 19);
    const fraction = String(ticks % 10_000_000n).padStart(7, "0");
    return {
      eTag: `0x${(ticks + TICKS_AT_1970).toString(16).toUpperCase()}`,
      lastModified: `${whole}.${fraction}Z`.replace(/\.?0*Z$/, "Z"),
    };
  }
}
