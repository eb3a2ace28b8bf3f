import { createConnection, createServer } from "node:net";
import { onTestFinished } from "vitest";
import { listen } from "../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../src/local/kit/loopback.ts";

/** A port that something listens on while the test runs. */
export async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return listen(server, { port: 0 });
}

/** Whether something listens at the address of this URL. */
export function accepts(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(Number(new URL(url).port), LOOPBACK);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
