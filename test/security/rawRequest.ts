import { connect } from "node:net";
import { text } from "node:stream/consumers";

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends these bytes and nothing else, as no HTTP client would, and waits until the server has answered and closed the
 * connection.
 */
export async function sendRaw(url: string, ...parts: readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  for (const part of parts) socket.write(part);
  const answer = await text(socket);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]), text: answer };
}

/** The head of a request; the server is to close the connection after it. */
export function head(line: string, ...headers: readonly string[]): string {
  return `${[line, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n`;
}
