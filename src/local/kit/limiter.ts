/** Lets so many run at once; the others wait in order. */
export function createSemaphore(permits: number): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let free = permits;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      // The permit is handed on, so that nobody slips in between.
      if (next === undefined) free += 1;
      else next();
    }
  };
}
