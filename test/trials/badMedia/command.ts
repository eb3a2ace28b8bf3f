import type { Command, Context } from "../../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../../src/local/kit/commandLine/exitCodes.ts";
import { CORPUS } from "./corpus.ts";
import { tryBadMedia } from "./run.ts";

const HELP = `Converts a corpus of odd and bad files through the whole stack and compares each outcome with the expected one.

Options
  --help, -h        this text
`;

export const BAD_MEDIA: Command<Record<never, never>> = {
  name: "npm run badmedia --",
  help: HELP,
  options: {},
  run,
};

async function run(_args: unknown, { output }: Context): Promise<number> {
  const rows = tryBadMedia(CORPUS);
  const wrong = rows.filter(({ isRight }) => !isRight);
  for (const { name, expected, found, isRight } of rows) {
    output.result(
      `${isRight ? "✓" : "✗"} ${name.padEnd(30)} ${isRight ? found : `expected ${expected}, found ${found}`}`,
    );
  }
  output.result(`${rows.length} files, ${wrong.length} with an unexpected outcome`);
  return wrong.length === 0 ? EXIT.ok : EXIT.someFailed;
}
