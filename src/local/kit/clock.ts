export type Cancel = () => void;

/** Everything that waits or asks for the time does so through one of these. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** After a span of time, even if the time of day is changed in between. */
  after(delayMs: number, action: () => void): Cancel;
  /** At a point in time: not before `now()` says so. */
  at(time: number, action: () => void): Cancel;
}

/** Node turns a longer delay into 1 ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Real time, or real time made `speed` times faster. */
export function systemClock(speed = 1): Clock {
  const start = Date.now();
  const now = (): number => (speed === 1 ? Date.now() : start + (Date.now() - start) * speed);
  const after = (delayMs: number, action: () => void): Cancel => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : action()), stepMs);
    };
    wait(Math.max(0, delayMs / speed));
    return () => clearTimeout(timer);
  };
  const at = (time: number, action: () => void): Cancel => {
    let cancel: Cancel;
    const wait = (): void => {
      cancel = after(time - now(), () => (now() < time ? wait() : action()));
    };
    wait();
    return () => cancel();
  };
  return { now, after, at };
}
