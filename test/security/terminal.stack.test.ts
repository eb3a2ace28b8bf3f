import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import type { StackConnection } from "../../src/local/stack/stackState.ts";
import type { CliRun } from "../cli/runCli.ts";
import { ANY_PORTS, startCli } from "../cli/runCli.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const MEDIA = join(import.meta.dirname, "..", "fixtures", "media");

/** What a terminal obeys, cannot show, or shows in another order; line ends are ours. */
const HARMFUL =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E0FFF}]|[\uFE00-\uFE0F]/u;

const RED = "\u001B[31m";
const CLEAR = "\u009B2J";
const TITLE = "\u001B]0;title\u0007";
const REVERSED = "\u202Egpj\u2066\u061C";
const INVISIBLE = "\u200B\u2060\u00AD\u180E\uFEFF\uFE0F\u{E0041}";

test.for([
  ["an unknown command", [`${RED}${REVERSED}`]],
  ["an unknown option", ["convert", `--${RED}${CLEAR}`]],
  ["a file that is missing", ["convert", `${RED}${INVISIBLE}.mp4`]],
  ["a wrong number", ["local", "--blob-port", `${TITLE}${REVERSED}`]],
  ["a wrong URL", ["convert", "--functions-url", `${CLEAR}${REVERSED}`, "talks"]],
  ["a data folder that cannot be made", ["convert", "--data", `/dev/null/${RED}${REVERSED}`, "talks"]],
  ["a folder that cannot be written to", ["convert", "--out", `/dev/null/${RED}${REVERSED}`, "talks"]],
] as const)("what is wrong with %s is said without obeying it", async ([, args], { expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "talks"));
  copyFileSync(join(MEDIA, "sample.mp4"), join(folder, "talks", "one.mp4"));

  const cli = startCli(args, { cwd: folder });

  expect((await cli.exit).code).toBe(2);
  expect(HARMFUL.exec(cli.stderr())).toBeNull();
  expect(cli.stderr()).toMatch(/\\u\{(1b|9b)\}/);
});

describe("with a stack in a folder with a harmful name", () => {
  const data = join(temporaryFolder(afterAll), `data${RED}${REVERSED}`);
  let cli: CliRun;
  let kill = (): void => {};

  beforeAll(async () => {
    const onEnd = (cleanUp: () => void): void => void (kill = cleanUp);
    cli = startCli(["local", "--json", "--verbose", "--data", data, ...ANY_PORTS], { onEnd });
    await cli.firstLine;
  });

  afterAll(() => kill());
  afterAll(async () => {
    cli?.child.kill("SIGTERM");
    await cli?.exit;
  });

  test("convert shows names on a terminal without obeying them, and its JSON is harmless and exact", async ({
    expect,
  }) => {
    const folder = temporaryFolder();
    const names = [`a${RED}${REVERSED}.mp4`, `b${TITLE}${INVISIBLE}\r\n.mp4`, `c${CLEAR}.mp4`] as const;
    copyFileSync(join(MEDIA, "sample.mp4"), join(folder, names[0]));
    copyFileSync(join(MEDIA, "silent-film.mp4"), join(folder, names[1]));
    symlinkSync(`nowhere${RED}`, join(folder, names[2]));

    const convert = startCli(["convert", "--data", data, "--verbose", "--json", folder]);
    const { code } = await convert.exit;

    expect(code).toBe(1);
    expect(convert.stderr()).toMatch(/✓ .*a\\u\{1b\}\[31m\\u\{202e\}gpj/);
    expect(convert.stderr()).toContain("Skipped ");
    expect(HARMFUL.exec(convert.stderr())).toBeNull();
    expect(HARMFUL.exec(convert.stdout())).toBeNull();
    const { conversions, skipped } = JSON.parse(convert.stdout()) as {
      conversions: ConversionRecord[];
      skipped: { path: string }[];
    };
    expect(conversions.map(({ input, status }) => [input.name, status])).toEqual([
      [`a%1B[31m${REVERSED}.mp4`, "succeeded"],
      [`b%1B]0;title%07${INVISIBLE}%0D%0A.mp4`, "failed"],
    ]);
    expect(skipped).toMatchObject([{ path: join(folder, names[2]) }]);
  });

  test("local tells of arriving blobs, and of what its services log, without obeying names", async ({ expect }) => {
    const line = await cli.firstLine;
    const { storage } = JSON.parse(line) as StackConnection;
    const input = BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient("input");

    await input.getBlockBlobClient(`a${CLEAR}${REVERSED}${INVISIBLE}.mp4`).uploadFile(join(MEDIA, "sample.mp4"));
    await expect.poll(() => cli.stderr()).toMatch(/^✓ a\\u\{9b\}2J\\u\{202e\}gpj/m);

    expect(HARMFUL.exec(cli.stderr())).toBeNull();
    expect(HARMFUL.exec(line)).toBeNull();
  });
});
