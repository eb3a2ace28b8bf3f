import type { DataFolder } from "./dataFolder.ts";
import { findFreePort } from "../kit/listen.ts";
import type { StackPorts } from "./stackState.ts";
import { readLastPorts } from "./stackState.ts";

export const DEFAULT_PORTS: StackPorts = {
  blob: 10_000,
  queue: 10_001,
  table: 10_002,
  batch: 10_010,
  functions: 7_071,
};

/** What listens on each port, and the option that changes it. */
export const SERVICES: Readonly<Record<keyof StackPorts, { readonly purpose: string; readonly option: string }>> = {
  blob: { purpose: "blob storage", option: "--blob-port" },
  queue: { purpose: "queue storage", option: "--queue-port" },
  table: { purpose: "table storage", option: "--table-port" },
  batch: { purpose: "the Batch emulator", option: "--batch-port" },
  functions: { purpose: "the Functions host", option: "--functions-port" },
};

/**
 * The ports for the services to listen on; 0 leaves the choice to the operating system. Where any port will do, the
 * folder's last one is preferred, because URLs in its saved state contain it.
 */
export async function choosePorts(folder: DataFolder, wanted: StackPorts): Promise<StackPorts> {
  const last = readLastPorts(folder);
  const choose = async (service: keyof StackPorts): Promise<number> => {
    const port = wanted[service];
    if (port === 0) return freeOrZero(last[service] ?? 0, Object.values(wanted));
    return findFreePort({ port, ...SERVICES[service] });
  };
  return {
    blob: await choose("blob"),
    queue: await choose("queue"),
    table: await choose("table"),
    batch: await choose("batch"),
    functions: await choose("functions"),
  };
}

/** The port, or 0 when it is taken or not allowed: another one will do. */
async function freeOrZero(port: number, reserved: readonly number[]): Promise<number> {
  if (port === 0 || reserved.includes(port)) return 0;
  return findFreePort({ port }).catch(() => 0);
}
