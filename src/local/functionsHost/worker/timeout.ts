import type { Clock } from "../clock.ts";

/** Stops waiting, as `functionTimeout` of host.json asks; what runs in this process cannot be stopped itself. */
export async function withTimeout<T>(clock: Clock, ms: number, name: string, work: () => Promise<T>): Promise<T> {
  if (!Number.isFinite(ms)) return work();
  let cancel = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.at(clock.now() + ms, () =>
      reject(
        new Error(`Timeout value of ${ms / 1000} s (functionTimeout in host.json) was exceeded by function ${name}`),
      ),
    );
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    cancel();
  }
}
