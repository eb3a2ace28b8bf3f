import { join } from "node:path";
import { DIST, findAppRoot } from "./appRoot.ts";
import { optionArguments } from "./childProcess.ts";
import type { ChildServiceEvents } from "./childService.ts";
import { ChildService } from "./childService.ts";
import type { DataFolder } from "./dataFolder.ts";
import { readJsonLine } from "./lines.ts";
import type { StackConnection } from "./stackState.ts";

export interface ServiceOptions {
  readonly folder: DataFolder;
  /** 0: any free port. */
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly events: ChildServiceEvents;
}

type BatchAddress = StackConnection["batch"];
type FunctionsAddress = StackConnection["functions"];

/** A service that has said where it is. */
export type Started<Address> = ChildService<Address> & { readonly ready: Address };

export function startBatchEmulator({ folder, port, env, events }: ServiceOptions): Promise<Started<BatchAddress>> {
  return ChildService.start({
    name: "The Batch emulator",
    script: join(DIST, "cli", "main.js"),
    args: (previous?: BatchAddress) => [
      "batch-emulator",
      ...optionArguments({
        "--port": portFor(port, previous?.endpoint),
        "--data": folder.path,
        "--node-bin": folder.bin,
      }),
      "--json",
    ],
    env,
    logFile: join(folder.logs, "batch.log"),
    createReadyReader: () => (line) => readJsonLine<BatchAddress>(line),
    events,
  });
}

export function startFunctionsHost({ folder, port, env, events }: ServiceOptions): Promise<Started<FunctionsAddress>> {
  return ChildService.start({
    name: "The Functions host",
    script: join(DIST, "local", "functionsHost", "main.js"),
    args: (previous?: FunctionsAddress) => [
      ...optionArguments({
        "--app": findAppRoot(),
        "--data": folder.path,
        "--port": portFor(port, previous?.url),
      }),
      "--json",
    ],
    env,
    logFile: join(folder.logs, "functions.log"),
    createReadyReader: () => (line) => readJsonLine<FunctionsAddress>(line),
    events,
  });
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** At a restart the address is known to others and must stay. */
function portFor(wanted: number, previousUrl: string | undefined): number {
  return previousUrl === undefined ? wanted : portOf(previousUrl);
}
