import { Output } from "../../../src/cli/output.ts";
import { CORPUS } from "./corpus.ts";
import { tryBadMedia } from "./run.ts";

/** Converts a corpus of odd and bad files through the whole stack and compares each outcome with what it should be. */
const output = new Output();
const rows = tryBadMedia(CORPUS);
const wrong = rows.filter(({ isRight }) => !isRight);
for (const { name, expected, found, isRight } of rows) {
  output.result(
    `${isRight ? "✓" : "✗"} ${name.padEnd(30)} ${isRight ? found : `expected ${expected}, found ${found}`}`,
  );
}
output.result(`${rows.length} files, ${wrong.length} with another outcome than expected`);
process.exitCode = wrong.length === 0 ? 0 : 1;
