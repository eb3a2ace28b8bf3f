import { on } from "node:events";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { Output } from "../kit/commandLine/output.ts";
import { UserError } from "../kit/userError.ts";

/** What a host that was started early writes when it waits for its settings. */
export const SETTINGS_QUESTION = "settings?";

/** The settings that come as one line of JSON on stdin. Rejects when the signal is aborted. */
export async function askForSettings(output: Output, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const decoder = new StringDecoder("utf8");
  // Listened for before it is asked: what nobody listens for is lost.
  const chunks = on(process.stdin, "data", { signal, close: ["end", "close"] });
  output.result(SETTINGS_QUESTION);
  const holdAlive = process.stdin instanceof Socket ? process.stdin : undefined;
  holdAlive?.ref();
  let text = "";
  try {
    for await (const [chunk] of chunks) {
      text += decoder.write(chunk as Buffer);
      const end = text.indexOf("\n");
      if (end >= 0) return JSON.parse(text.slice(0, end)) as Record<string, string>;
    }
  } finally {
    holdAlive?.unref();
  }
  throw new UserError("NoSettings", "No settings came on stdin, which --hold says to wait for");
}
