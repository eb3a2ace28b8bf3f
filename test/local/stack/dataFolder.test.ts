import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDataFolder, dataFolderAt, lockDataFolder, lockHolder } from "../../../src/local/stack/dataFolder.ts";
import { enterAsGuest } from "../../../src/local/stack/guests.ts";
import { findAnnouncedStack } from "../../../src/local/stack/stackState.ts";
import { NOBODY, asNobody, canBeAnotherUser } from "../otherUser.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

test("a second stack on the same data folder is refused and told who runs there", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  lockDataFolder(folder);

  expect(lockHolder(folder)?.pid).toBe(process.pid);
  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({
      code: "DataFolderInUse",
      message: `Another mp3drop (process ${process.pid}) is using ${folder.path}`,
    }),
  );
});

test("a data folder below a file is refused with the option that changes it", ({ expect }) => {
  const file = dataFolderAt(temporaryFolder()).lock;
  writeFileSync(file, "");

  expect(() => createDataFolder(dataFolderAt(`${file}/data`))).toThrow(
    expect.objectContaining({ code: "DataFolderNotWritable", hint: expect.stringContaining("--data") }),
  );
});

test.skipIf(!existsSync("/proc/self"))(
  "a data folder that the system cannot create is refused at once",
  ({ expect }) => {
    expect(() => createDataFolder(dataFolderAt("/proc/mp3drop/new"))).toThrow(
      expect.objectContaining({ code: "DataFolderNotWritable", hint: expect.stringContaining("--data") }),
    );
  },
);

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

/** The modes of the data folder and of every folder in it. */
function modesIn({ path }: { readonly path: string }): string[] {
  return [path, ...readdirSync(path).map((name) => join(path, name))].map(modeOf);
}

test.for([0o000, 0o022, 0o077])("with the umask %o a data folder is for its owner only", (umask, { expect }) => {
  const former = process.umask(umask);
  onTestFinished(() => void process.umask(former));
  const folder = dataFolderAt(join(temporaryFolder(), "data"));

  expect(createDataFolder(folder)).toBeUndefined();

  expect(modesIn(folder)).toEqual(Array(7).fill("700"));
});

test("the folder of an earlier stack that others could read is closed to them", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  for (const path of [folder.logs, folder.azurite, join(folder.path, "batch")]) mkdirSync(path, { mode: 0o755 });
  writeFileSync(folder.ports, "{}");
  chmodSync(folder.path, 0o755);

  expect(createDataFolder(folder)).toBeUndefined();

  expect(modesIn(folder).filter((mode) => mode !== "644")).toEqual(Array(7).fill("700"));
});

test("a folder that holds other things keeps its mode, and what is ours in it is closed", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  writeFileSync(join(folder.path, ".profile"), "");
  chmodSync(folder.path, 0o755);

  expect(createDataFolder(folder)).toBeUndefined();

  expect(modeOf(folder.path)).toBe("755");
  expect(modeOf(folder.azurite)).toBe("700");
});

test("a folder that holds other things and that others may change is pointed out", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  writeFileSync(join(folder.path, "holiday.jpg"), "");
  chmodSync(folder.path, 0o777);

  expect(createDataFolder(folder)).toContain(`Other users may change what is in ${folder.path}`);
  chmodSync(folder.path, 0o1777);
  expect(createDataFolder(folder)).toBeUndefined();
});

test("a data folder whose path has a colon is refused: PATH cannot hold it", ({ expect }) => {
  const path = join(temporaryFolder(), "12:30", "data");

  expect(() => createDataFolder(dataFolderAt(path))).toThrow(
    expect.objectContaining({ code: "BadDataFolder", message: expect.stringContaining(path) }),
  );
  expect(() => statSync(path)).toThrow();
});

test("a part that cannot be made is named", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  writeFileSync(folder.logs, "");

  expect(() => createDataFolder(folder)).toThrow(
    expect.objectContaining({ code: "DataFolderNotWritable", message: expect.stringContaining(folder.logs) }),
  );
});

describe.runIf(canBeAnotherUser)("for a user who is not the owner", () => {
  test("a folder that cannot be written is refused with its name and the reason", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chmodSync(folder.path, 0o755);

    expect(() => asNobody(() => createDataFolder(folder))).toThrow(
      expect.objectContaining({
        code: "DataFolderNotWritable",
        message: expect.stringMatching(new RegExp(`^The data folder ${folder.path} cannot be written: EACCES: `)),
      }),
    );
  });

  test("a folder that can be written but not closed is used and pointed out", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chmodSync(folder.path, 0o777);

    expect(asNobody(() => createDataFolder(folder))).toContain(`Other users may change what is in ${folder.path}`);
    expect(modeOf(folder.logs)).toBe("700");
  });

  test("and so is a part of one", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chownSync(folder.path, NOBODY, NOBODY);
    mkdirSync(folder.logs);
    chmodSync(folder.logs, 0o777);

    expect(asNobody(() => createDataFolder(folder))).toContain(`Other users may read what is in ${folder.logs}`);
    expect(modeOf(folder.path)).toBe("700");
  });

  test("a guest who may not leave a note in the folder is told so in a sentence", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    createDataFolder(folder);

    expect(() => asNobody(() => enterAsGuest(folder))).toThrow(
      expect.objectContaining({ code: "BadDataFolder", hint: expect.stringContaining("--data") }),
    );
  });
});

describe.runIf(canBeAnotherUser)("what another user has put there", () => {
  const STICKY_FOR_ALL = 0o1777;

  function refusal(path: string): object {
    return expect.objectContaining({ code: "DataFolderNotYours", message: `${path} belongs to another user` });
  }

  test.for([0o700, STICKY_FOR_ALL])("is no data folder, with the mode %o", (mode, { expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chmodSync(folder.path, mode);
    chownSync(folder.path, NOBODY, NOBODY);

    expect(() => createDataFolder(folder)).toThrow(refusal(folder.path));
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("is no key, even in a folder that everybody may add files to", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chmodSync(folder.path, STICKY_FOR_ALL);
    asNobody(() => writeFileSync(folder.keys, "{}"));

    expect(() => createDataFolder(folder)).toThrow(refusal(folder.keys));
  });

  test("is no part of the folder, be it a link or what one leads to", ({ expect }) => {
    const [link, target] = [dataFolderAt(temporaryFolder()), dataFolderAt(temporaryFolder())];
    const elsewhere = temporaryFolder();
    symlinkSync(elsewhere, link.logs);
    lchownSync(link.logs, NOBODY, NOBODY);
    symlinkSync(elsewhere, target.logs);

    expect(() => createDataFolder(link)).toThrow(refusal(link.logs));
    expect(createDataFolder(target)).toBeUndefined();
    chownSync(elsewhere, NOBODY, NOBODY);
    expect(() => createDataFolder(target)).toThrow(refusal(target.logs));
  });

  test("is no stack to give videos to", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    createDataFolder(folder);
    writeFileSync(folder.stack, "{}");
    chownSync(folder.path, NOBODY, NOBODY);

    expect(() => findAnnouncedStack(folder)).toThrow(refusal(folder.path));
  });

  test("does no harm under other names, and root is nobody else", ({ expect }) => {
    const folder = dataFolderAt(temporaryFolder());
    chmodSync(folder.path, STICKY_FOR_ALL);
    asNobody(() => writeFileSync(join(folder.path, "holiday.jpg"), ""));

    expect(createDataFolder(folder)).toBeUndefined();
    expect(asNobody(() => createDataFolder(dataFolderAt(join(folder.path, "mine"))))).toBeUndefined();
  });
});
