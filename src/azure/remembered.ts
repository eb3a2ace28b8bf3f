/** A value that is costly to get and rarely changes. */
export interface Remembered<Value> {
  /** The remembered value, or with `isFresh` a new one. A failure is not remembered. */
  readonly get: (options?: { isFresh: boolean }) => Promise<Value>;
  readonly forget: () => void;
}

/** Calls made at the same time share one call of `load`, whose value is good for `maxAgeMs`. */
export function remembered<Value>(
  load: () => Promise<Value>,
  { maxAgeMs = Infinity, now = () => performance.now() } = {},
): Remembered<Value> {
  let value: Promise<Value> | undefined;
  let loadedAt = 0;
  return {
    forget: () => void (value = undefined),
    get: async ({ isFresh } = { isFresh: false }) => {
      if (isFresh || now() - loadedAt > maxAgeMs) value = undefined;
      if (value === undefined) loadedAt = now();
      const current = (value ??= load());
      try {
        return await current;
      } catch (error) {
        if (value === current) value = undefined;
        throw error;
      }
    },
  };
}
