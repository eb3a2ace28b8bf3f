import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { readLocalSettings } from "../../../src/local/functionsHost/localSettings.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function appWith(text: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "local.settings.json"), text);
  return folder;
}

test("the values of local.settings.json are app settings, unless the environment has one of that name", ({
  expect,
}) => {
  const app = appWith(
    `\uFEFF{"IsEncrypted":false,"Values":{"A":"file","B":"file","EMPTY":"file","N":5,"T":true,"NONE":null},"Host":{"LocalHttpPort":7072,"CORS":"*"},"ConnectionStrings":{}}`,
  );

  expect(readLocalSettings(app, { B: "environment", EMPTY: "" })).toEqual({
    values: { A: "file", EMPTY: "file", N: "5", T: "true" },
    port: "7072",
  });
});

test("an app without local.settings.json has no other settings than the environment", ({ expect }) => {
  expect(readLocalSettings(temporaryFolder(), {})).toEqual({ values: {}, port: undefined });
});

test.for([
  ['{"IsEncrypted":true,"Values":{"A":"CfDJ8…"}}', "EncryptedSettings", "only Core Tools can read it"],
  ['{"Values":{"KEY":"secret"', "BadLocalSettings", "it is not JSON"],
  ['{"Values":{"KEY":{"secret":1}}}', "BadLocalSettings", "Values.KEY is of the wrong kind"],
] as const)("the file %s is refused as %s, without what it holds", ([text, code, message], { expect }) => {
  const app = appWith(text);
  const refused = expect.objectContaining({ code, message: expect.stringContaining(message) });

  expect(() => readLocalSettings(app, {})).toThrow(refused);
  expect(() => readLocalSettings(app, {})).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("secret") }),
  );
});
