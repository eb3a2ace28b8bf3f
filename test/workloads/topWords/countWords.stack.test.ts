import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../../local/temporaryFolder.ts";

const SCRIPT = resolve("src/workloads/topWords/countWords.sh");
const MIB = 1024 * 1024;

/** What each process of the task may have, enough for the task and less than the texts that must not fit. */
const MEMORY_KIB = 96 * 1024;
const HAS_MEMORY_LIMIT = process.platform === "linux";

interface TaskRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where there is none. */
  readonly result: string | undefined;
  readonly report: unknown;
}

interface TaskFolder {
  readonly path: string;
  /** For programs that stand in for those of the node. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
  run(settings?: Readonly<Record<string, string>>): TaskRun;
  report(): unknown;
}

/** A working directory as a Batch task has it. */
function taskFolder(input: string | Buffer = ""): TaskFolder {
  const root = temporaryFolder();
  const path = join(root, "wd");
  const bin = join(root, "bin");
  mkdirSync(path);
  mkdirSync(bin);
  writeFileSync(join(path, "input"), input);
  const env = {
    PATH: `${bin}:/usr/bin:/bin`,
    TOP_WORDS_COUNT: "3",
    AZ_BATCH_NODE_ID: "tvm-1",
    AZ_BATCH_TASK_ID: "task-2",
    AZ_BATCH_JOB_ID: "job-3",
    AZ_BATCH_POOL_ID: "pool-4",
  };
  const report = () => JSON.parse(readFileSync(join(path, "report.json"), "utf8")) as unknown;
  return {
    path,
    bin,
    env,
    report,
    run: (settings = {}) => {
      const limited = HAS_MEMORY_LIMIT ? `ulimit -v ${MEMORY_KIB}; ` : "";
      const { status, stdout, stderr } = spawnSync("/bin/bash", ["-c", `${limited}exec /bin/bash ${SCRIPT}`], {
        cwd: path,
        env: { ...env, ...settings },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      const result = join(path, "result");
      return {
        exitCode: status,
        stdout,
        stderr,
        result: existsSync(result) ? readFileSync(result, "utf8") : undefined,
        report: report(),
      };
    },
  };
}

/** The lines of the result that are words. */
function topWords(input: string | Buffer, count = 3): string[] {
  const run = taskFolder(input).run({ TOP_WORDS_COUNT: String(count) });
  if (run.result === undefined) throw new Error(run.stderr);
  return run.result.split("\n").slice(0, run.result.split("\n").indexOf("-".repeat(30)));
}

/** Numbers from 0 to `below`, the same in every run. */
function pseudoRandom(below: number): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test("a text becomes its most frequent words, a separator line and the ids of node, task, job and pool", ({
  expect,
}) => {
  const text = "The cat and the dog.\nThe END, the cat: 42!\n";

  const run = taskFolder(text).run();

  expect(run.result).toBe(
    "the\t4\ncat\t2\n42\t1\n" +
      "------------------------------\nNode: tvm-1\nTask: task-2\nJob:  job-3\nPool: pool-4\n",
  );
  expect(run.report).toEqual({
    schemaVersion: 1,
    outcome: "Converted",
    resultBytes: Buffer.byteLength(run.result ?? ""),
    words: 10,
    distinctWords: 6,
  });
  expect(run).toMatchObject({ exitCode: 0, stdout: "", stderr: "The text has 10 words, 6 different ones.\n" });
});

test("nothing but the result and the report stays on the node", ({ expect }) => {
  const folder = taskFolder("word");

  folder.run();

  expect(readdirSync(folder.path)).toEqual(["report.json", "result"]);
});

test("a text with fewer words than asked for gives those it has", ({ expect }) => {
  expect(topWords("one two one")).toEqual(["one\t2", "two\t1"]);
});

test("words of the same frequency are in the order of their code points", ({ expect }) => {
  expect(topWords("ж é z 10 9 a ab 𝒳", 9)).toEqual(["10\t1", "9\t1", "a\t1", "ab\t1", "z\t1", "é\t1", "ж\t1", "𝒳\t1"]);
});

test("words are lower-cased in every script", ({ expect }) => {
  expect(topWords("ÉCOLE école Äpfel ÄPFEL Жук ЖУК Ωμέγα ΩΜΈΓΑ Ⴀ straße", 9)).toEqual([
    "äpfel\t2",
    "école\t2",
    "ωμέγα\t2",
    "жук\t2",
    "straße\t1",
    "ⴀ\t1",
  ]);
});

test("whatever is not a letter or digit ends a word: dashes, typographic quotes, blanks of other scripts, emoji", ({
  expect,
}) => {
  expect(topWords("l’été—«été» été\u00A0été\u3000été。été😀été\u2028l'été snake_case", 9)).toEqual([
    "été\t8",
    "l\t2",
    "case\t1",
    "snake\t1",
  ]);
});

test("a byte order mark and the line ends of Windows are part of no word", ({ expect }) => {
  expect(topWords("\uFEFFeins zwei\r\neins\r\nzwei\r\neins", 9)).toEqual(["eins\t3", "zwei\t2"]);
});

test("what a shell or awk would treat as its own is just text", ({ expect }) => {
  const text = "$(touch pwned) `id` %s%n \\u0041 a=b -n 007 7 1e3 1000 0x10 nan inf n";
  const once = ["0x10", "1000", "1e3", "007", "7", "a", "b", "id", "inf", "nan", "pwned", "s", "touch", "u0041"];

  expect(topWords(text, 20)).toEqual(["n\t3", ...once.toSorted().map((word) => `${word}\t1`)]);
});

test("the counts are those of an independent count of a large text in many scripts", ({ expect }) => {
  // Without what Unicode's classes L and N, and toLowerCase, take otherwise than the C library: marks, fractions, İ, final Σ.
  const letters = Array.from("abcXYZ019éÉßñÑçøØœŒабвгЖЩяαβγΔΩשלוםقلب漢字仮名カナ한글𝒳𐐀𐐨");
  const separators = [" ", " ", " ", "\n", "\r\n", ", ", "—", "’", "。", "\u3000", "\u00A0", "😀", "\t", "_", "\u200B"];
  const random = pseudoRandom(1_000_003);
  const pick = (from: readonly string[]) => from[random() % from.length] ?? "";
  const word = () => Array.from({ length: 1 + (random() % 3) }, () => pick(letters)).join("");
  const text = Array.from({ length: 100_000 }, () => word() + pick(separators)).join("");
  const words = text.match(/[\p{L}\p{N}]+/gu)?.map((found) => found.toLowerCase()) ?? [];
  const counts = new Map<string, number>();
  for (const found of words) counts.set(found, (counts.get(found) ?? 0) + 1);

  const run = taskFolder(text).run({ TOP_WORDS_COUNT: "1000000" });

  expect(run.report).toMatchObject({ words: words.length, distinctWords: counts.size });
  const expected = [...counts].sort(
    ([a, countOfA], [b, countOfB]) => countOfB - countOfA || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const lines = run.result?.split("\n").slice(0, counts.size);
  expect(lines?.join("\n") === expected.map((entry) => entry.join("\t")).join("\n")).toBe(true);
});

test.for([
  ["an empty file", ""],
  ["a text of line ends", "\r\n\n\n"],
  ["a byte order mark alone", "\uFEFF"],
  ["a text of signs of all kinds", "... — !!! 😀 。\n"],
])("%s is EmptyText", ([, content = ""], { expect }) => {
  const run = taskFolder(content).run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, stderr: "The text has no words.\n" });
  expect(run.report).toEqual({ schemaVersion: 1, outcome: "EmptyText", resultBytes: null, words: 0, distinctWords: 0 });
});

test.for<[string, Buffer]>([
  ["an MP4", readFileSync("test/fixtures/media/sample.mp4")],
  ["a text with a NUL", Buffer.from("some\0text")],
  ["a file of NULs", Buffer.alloc(3 * MIB)],
  ["UTF-16", Buffer.from("\uFEFFsome text", "utf16le")],
  ["UTF-16 without a byte order mark", Buffer.from("some text", "utf16le")],
  ["Latin-1", Buffer.from("un café noir", "latin1")],
  ["a text that breaks off within a character", Buffer.from("some café").subarray(0, -1)],
  ["a surrogate in UTF-8", Buffer.from("61eda08062", "hex")],
  ["an overlong character", Buffer.from("61e080af62", "hex")],
  ["a character beyond Unicode", Buffer.from("61f490808062", "hex")],
])("%s named .txt is NotText", ([, content], { expect }) => {
  const run = taskFolder(content).run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, stderr: expect.stringMatching(/UTF-8/) });
  expect(run.report).toEqual({
    schemaVersion: 1,
    outcome: "NotText",
    resultBytes: null,
    words: null,
    distinctWords: null,
  });
});

test("a line that does not fit into memory is counted if it has words", ({ expect }) => {
  const line = Buffer.alloc(100 * MIB, "Schöne lange Zeile ");

  const run = taskFolder(line).run();

  expect(run.report).toMatchObject({ outcome: "Converted", distinctWords: 3 });
});

test("a line that does not fit into memory and has nothing that ends a word is WordTooLong", ({ expect }) => {
  const run = taskFolder(Buffer.alloc(100 * MIB, "é")).run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, report: { outcome: "WordTooLong", words: null } });
  expect(run.stderr).toContain("1048576 bytes without a blank");
});

test.for([
  ["ASCII", "x".repeat(MIB)],
  ["other letters", "ж".repeat(MIB / 2)],
])("the longest word, of %s, has a MiB", ([, longest = ""], { expect }) => {
  expect(topWords(`short ${longest} ${longest}`)).toEqual([`${longest}\t2`, "short\t1"]);
  expect(taskFolder(`short ${longest}x`).run().report).toMatchObject({ outcome: "WordTooLong" });
});

test("text without ASCII is cut at the punctuation of its own script", ({ expect }) => {
  const sentences = "春眠不覺曉，處處聞啼鳥。".repeat(20_000);

  expect(topWords(sentences)).toEqual(["春眠不覺曉\t20000", "處處聞啼鳥\t20000"]);
});

test("more different words than fit into memory are counted", ({ expect }) => {
  const words = Array.from({ length: 14_000 }, (_, index) => `${index}`.padEnd(7500, "x"));

  const run = taskFolder(`${words.join(" ")} ${words[7]}`).run({ TOP_WORDS_COUNT: "1" });

  expect(run.report).toMatchObject({ outcome: "Converted", words: 14_001, distinctWords: 14_000 });
  expect(run.result).toMatch(/^7x+\t2\n---/);
});

test.for(["sort", "awk"])("a disk that %s finds full is DiskFull", (tool, { expect }) => {
  const folder = taskFolder("some text");
  const standIn = join(folder.bin, tool);
  writeFileSync(standIn, `#!/bin/bash\necho "${tool}: write failed: No space left on device" >&2\nexit 2\n`);
  chmodSync(standIn, 0o755);

  const run = folder.run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, report: { outcome: "DiskFull", resultBytes: null } });
  expect(run.stderr).toContain("No space left on device");
});

test("a tool that fails for another reason is CountFailed, with what it said in the log", ({ expect }) => {
  const folder = taskFolder("some text");
  writeFileSync(join(folder.bin, "sort"), "#!/bin/bash\necho 'sort: out of order' >&2\nexit 2\n");
  chmodSync(join(folder.bin, "sort"), 0o755);

  const run = folder.run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, report: { outcome: "CountFailed" } });
  expect(run.stderr).toContain("sort: out of order");
});

test("a node without one of the tools is NodeUnfit", ({ expect }) => {
  const folder = taskFolder("some text");
  for (const tool of ["awk", "cat", "grep", "mkdir", "mv", "rm", "sed", "sort", "tr", "wc"]) {
    symlinkSync(spawnSync("which", [tool], { encoding: "utf8" }).stdout.trim(), join(folder.bin, tool));
  }

  const run = folder.run({ PATH: folder.bin });

  expect(run).toMatchObject({ exitCode: 1, result: undefined, report: { outcome: "NodeUnfit" } });
  expect(run.stderr).toBe("The node has no fold.\n");
});

test("a node whose tools know only ASCII is NodeUnfit", ({ expect }) => {
  const folder = taskFolder("some text");
  writeFileSync(join(folder.bin, "sed"), '#!/bin/bash\nLC_ALL=C exec /usr/bin/sed "$@"\n');
  writeFileSync(join(folder.bin, "tr"), '#!/bin/bash\nLC_ALL=C exec /usr/bin/tr "$@"\n');
  for (const tool of ["sed", "tr"]) chmodSync(join(folder.bin, tool), 0o755);

  const run = folder.run();

  expect(run).toMatchObject({ exitCode: 1, result: undefined, report: { outcome: "NodeUnfit" } });
  expect(run.stderr).toContain("no UTF-8 locale");
});

test.for(["SIGTERM", "SIGINT"] as const)(
  "a task that ends by %s leaves a report that says so",
  async (signal, { expect }) => {
    const folder = taskFolder("some text");
    // Only the first of them waits, because one that starts after the signal would wait for ever.
    const standIn = `mkdir ${folder.bin}/waits 2>/dev/null || exec /usr/bin/sort "$@"\necho sorting >&3\nexec tail -f /dev/null`;
    writeFileSync(join(folder.bin, "sort"), `#!/bin/bash\n${standIn}\n`);
    chmodSync(join(folder.bin, "sort"), 0o755);
    const task = spawn("/bin/bash", [SCRIPT], {
      cwd: folder.path,
      env: folder.env,
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const ended = once(task, "exit");
    await once(task.stdio[3] ?? task, "data");

    process.kill(-(task.pid ?? 0), signal);

    expect(await ended).toEqual([1, null]);
    expect(folder.report()).toMatchObject({ outcome: "Interrupted", resultBytes: null });
    expect(readdirSync(folder.path)).toEqual(["report.json"]);
  },
);
