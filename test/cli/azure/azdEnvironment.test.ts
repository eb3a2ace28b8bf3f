import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { findAzdEnvironment } from "../../../src/cli/azure/azdEnvironment.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";

/** As azd writes it. */
function azdFolder({ defaultEnvironment }: { defaultEnvironment?: string } = { defaultEnvironment: "dev" }): string {
  const folder = temporaryFolder();
  for (const name of ["dev", "prod"]) {
    mkdirSync(join(folder, ".azure", name), { recursive: true });
    const text = `AZURE_ENV_NAME="${name}"\nBATCH_MAX_NODES="4"\nQUOTED="a \\"b\\""\n`;
    writeFileSync(join(folder, ".azure", name, ".env"), text);
  }
  writeFileSync(join(folder, ".azure", "config.json"), JSON.stringify({ version: 1, defaultEnvironment }));
  return folder;
}

test("azd's default environment is taken, from any folder below", ({ expect }) => {
  const folder = azdFolder();
  mkdirSync(join(folder, "deep", "below"), { recursive: true });

  expect(findAzdEnvironment(join(folder, "deep", "below"), { BATCH_MAX_NODES: "9", PATH: "/bin" })).toMatchObject({
    name: "dev",
    values: { AZURE_ENV_NAME: "dev", BATCH_MAX_NODES: "4", PATH: "/bin" },
  });
});

test("AZURE_ENV_NAME wins over the default, and the name that is given over both", ({ expect }) => {
  const folder = azdFolder();

  expect(findAzdEnvironment(folder, { AZURE_ENV_NAME: "prod" }).name).toBe("prod");
  expect(findAzdEnvironment(folder, { AZURE_ENV_NAME: "prod" }, "dev").name).toBe("dev");
});

test("variables that azd has given to the process need no folder", ({ expect }) => {
  const env = { AZURE_FUNCTION_APP_NAME: "func-test" };

  expect(findAzdEnvironment(temporaryFolder(), env)).toEqual({ name: undefined, values: env });
});

test("without an environment, or with one that is not there, it says which there are", ({ expect }) => {
  expect(() => findAzdEnvironment(azdFolder({}), {})).toThrow(
    expect.objectContaining({ code: "NoAzdEnvironment", hint: "Choose one with --environment: dev, prod." }),
  );
  expect(() => findAzdEnvironment(azdFolder(), {}, "prd")).toThrow(
    expect.objectContaining({ message: expect.stringContaining('has no environment "prd"') }),
  );
  expect(() => findAzdEnvironment(temporaryFolder(), {})).toThrow(
    expect.objectContaining({ code: "NoAzdEnvironment", hint: "Run this where you ran `azd up`." }),
  );
});
