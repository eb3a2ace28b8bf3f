import type { Clock } from "../../kit/clock.ts";

/** Stops waiting, as `functionTimeout` in host.json asks; code in this process cannot itself be stopped. */
export function withTimeout<T>(clock: Clock, ms: number, name: string, work: () => Promise<T>): Promise<T> {
  if (!Number.isFinite(ms)) return work();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      const limit = `${ms / 1000} s (functionTimeout in host.json)`;
      reject(new Error(`Timeout value of ${limit} was exceeded by function ${name}`));
    });
    work().then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error as Error);
      },
    );
  });
}
