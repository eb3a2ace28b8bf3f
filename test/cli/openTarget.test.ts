import { test } from "vitest";
import { openTarget } from "../../src/cli/convert/openTarget.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";

test.for([
  ["a stack", {}],
  ["a storage account", { connectionString: "UseDevelopmentStorage=true" }],
])("what is no URL of an app is wrong usage before %s is looked for", async ([, where], { expect }) => {
  const { output } = recordedOutput();
  const context = { output, env: {}, folder: temporaryFolder(), signal: new AbortController().signal };
  const options = { data: undefined, connectionString: undefined, verbose: false, ...(where as object) };

  for (const functionsUrl of ["foo", "ftp://app", "http://"]) {
    await expect(openTarget({ ...options, functionsUrl }, context)).rejects.toMatchObject({ code: "WrongUsage" });
  }
});
