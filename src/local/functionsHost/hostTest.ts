import type { Clock } from "../kit/clock.ts";
import { systemClock } from "../kit/clock.ts";
import { VirtualClock } from "../kit/virtualClock.ts";
import type { HubTestOptions } from "./durable/testOptions.ts";
import { UserError } from "../kit/userError.ts";

/** How the environment variable FUNCTIONS_HOST_TEST asks for misbehaviour, as JSON. */
interface HostTestSettings {
  readonly executeActivitiesTwice?: boolean;
  readonly deliverTwice?: boolean;
  readonly strictGuards?: boolean;
  /** Time stands still while there is something to do, and jumps to the next timer when there is not. */
  readonly virtualClock?: boolean;
  /** Kills the process at a commit: the first is number 1. */
  readonly crash?: { readonly when: "before" | "after"; readonly commit: number };
}

export function readHostTest(text: string | undefined): { hubClock: Clock; test?: HubTestOptions } {
  if (text === undefined || text === "") return { hubClock: systemClock() };
  const settings = parse(text);
  const { virtualClock, crash, ...options } = settings;
  const virtual = virtualClock === true ? new VirtualClock(Date.now()) : undefined;
  let commits = 0;
  return {
    hubClock: virtual ?? systemClock(),
    test: {
      ...options,
      ...(virtual === undefined ? {} : { onIdle: () => virtual.jumpToNext() }),
      onCommit: (when) => {
        if (when === "before") commits++;
        if (when === crash?.when && commits === crash.commit) process.kill(process.pid, "SIGKILL");
      },
    },
  };
}

function parse(text: string): HostTestSettings {
  try {
    return JSON.parse(text) as HostTestSettings;
  } catch (cause) {
    throw new UserError("BadTestSettings", `FUNCTIONS_HOST_TEST is not JSON: "${text}"`, { cause });
  }
}
