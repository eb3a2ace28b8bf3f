import { createServer } from "node:net";
import type { DataFolder } from "./dataFolder.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import type { StackPorts } from "./stackState.ts";
import { readLastPorts } from "./stackState.ts";
import { UserError } from "../kit/userError.ts";

/** What listens on each port, and the option that changes it. */
const SERVICES: Readonly<Record<keyof StackPorts, { readonly name: string; readonly option: string }>> = {
  blob: { name: "blob storage", option: "--blob-port" },
  queue: { name: "queue storage", option: "--queue-port" },
  table: { name: "table storage", option: "--table-port" },
  batch: { name: "the Batch emulator", option: "--batch-port" },
  functions: { name: "the Functions host", option: "--functions-port" },
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
    if (await isFree(port)) return port;
    const { name, option } = SERVICES[service];
    throw new UserError("PortTaken", `Port ${port} of ${LOOPBACK}, meant for ${name}, is taken or not allowed`, {
      hint: `Stop what listens there, or choose another port with ${option} (0: any free port).`,
    });
  };
  return {
    blob: await choose("blob"),
    queue: await choose("queue"),
    table: await choose("table"),
    batch: await choose("batch"),
    functions: await choose("functions"),
  };
}

async function freeOrZero(port: number, reserved: readonly number[]): Promise<number> {
  return !reserved.includes(port) && (await isFree(port)) ? port : 0;
}

/** A port that nothing listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
