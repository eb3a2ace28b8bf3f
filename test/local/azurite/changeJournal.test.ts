import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { ChangeJournal } from "../../../src/local/azurite/changeJournal.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

test.for(['{"changes":[\n{"changes":[]}\n', '{"changes":[{"in":"blobs","put":{}}]}\n', '{"changes":{}}\n'])(
  "damaged changes, %j, are refused, and it is said which file that is",
  (line, { expect }) => {
    const database = join(temporaryFolder(), "blobs.json");
    ChangeJournal.openEmpty(database, () => {});
    appendFileSync(`${database}.changes`, line);

    const saved = { collections: [{ name: "blobs", data: [], maxId: 0 }] };
    expect(() => ChangeJournal.openFor(database, saved, () => {})).toThrow(`${database}.changes is damaged at line 2`);
  },
);
