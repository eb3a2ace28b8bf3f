/** A value that is costly to get and rarely changes. */
export interface Remembered<Value> {
  /** The remembered value, or with `isFresh` one that is got anew. A failure is not remembered. */
  readonly get: (options?: { isFresh: boolean }) => Promise<Value>;
  readonly forget: () => void;
}

/** Calls made at the same time share one call of `load`. */
export function remembered<Value>(load: () => Promise<Value>): Remembered<Value> {
  let value: Promise<Value> | undefined;
  return {
    forget: () => void (value = undefined),
    get: async ({ isFresh } = { isFresh: false }) => {
      if (isFresh) value = undefined;
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
