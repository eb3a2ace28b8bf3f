import type { OutputStream } from "../../../../src/local/kit/commandLine/output.ts";
import { Output } from "../../../../src/local/kit/commandLine/output.ts";

/** An output that keeps its text for the test to read. */
export function recordedOutput(isTTY = false): { output: Output; stdout: () => string; stderr: () => string } {
  const stdout = recorder(false);
  const stderr = recorder(isTTY);
  return { output: new Output(stdout, stderr, {}), stdout: () => stdout.text, stderr: () => stderr.text };
}

function recorder(isTTY: boolean): OutputStream & { text: string } {
  return {
    isTTY,
    text: "",
    write(text: string) {
      this.text += text;
    },
  };
}
