import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "vitest";
import { blobNewsIn, NEWS_VARIABLE } from "../../../src/local/azurite/news.ts";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const require = createRequire(import.meta.url);
const manifest = require.resolve("azurite/package.json");
const { version, bin } = require(manifest) as { version: string; bin: { azurite: string } };
const AZURITE = join(dirname(manifest), bin.azurite);

test("keepsChanges finds the methods of lokijs that it wraps", ({ expect }) => {
  const { answer } = runPatched(
    "keepsChanges",
    AZURITE,
    `[azurite("lokijs").Collection.prototype.insertOne.name, azurite("lokijs").LokiFsAdapter.prototype.loadDatabase.name]`,
  );

  expect(answer, `Azurite ${version} keeps its lists otherwise: a kill loses 5 s of what was acknowledged`).toEqual([
    "insertAndKeep",
    "loadWithChanges",
  ]);
});

test("tellsOfBlobs finds the methods of lokijs that it wraps", ({ expect }) => {
  const { answer } = runPatched("tellsOfBlobs", AZURITE, `azurite("lokijs").Collection.prototype.insertOne.name`);

  expect(answer, `Azurite ${version} keeps its lists otherwise: an upload waits for the next listing`).toBe(
    "insertAndTell",
  );
});

test("findsByName finds the methods of lokijs that it wraps", ({ expect }) => {
  const { answer } = runPatched(
    "findsByName",
    AZURITE,
    `[azurite("lokijs").Resultset.prototype.find.name, azurite("lokijs").Collection.prototype.findAndRemove.name]`,
  );

  expect(answer, `Azurite ${version} finds blobs otherwise: requests take longer the more there are`).toEqual([
    "findByRarest",
    "removeFew",
  ]);
});

test("an Azurite with findsByName looks at no other blob to find or delete one of them", ({ expect }) => {
  const blobs = `Array.from({ length: 100 }, (_, i) => ({
    accountName: "account", containerName: i % 2 ? "a" : "b", get name() { looks++; return "blob" + (i >> 1); }, snapshot: "",
  }))`;
  const { answer } = runPatched(
    "findsByName",
    AZURITE,
    `(() => {
      let looks = 0;
      const Loki = azurite("lokijs");
      const blobs = new Loki("test").addCollection("blobs", { indices: ["accountName", "containerName", "name", "snapshot"] });
      blobs.insert(${blobs});
      const query = { accountName: "account", containerName: "a", name: "blob7", snapshot: "" };
      looks = 0;
      const found = blobs.findOne(query);
      const looksToFind = looks;
      blobs.findAndRemove(query);
      const indices = Object.keys(blobs.binaryIndices);
      return [found.containerName, found.name, looksToFind < 30, looks < 90, blobs.findOne(query), blobs.count(), indices];
    })()`,
  );

  expect(answer).toEqual(["a", "blob7", true, true, null, 99, ["name"]]);
});

test("an Azurite with findsByName finds blobs whose names look like numbers, and after a restart, too", ({
  expect,
}) => {
  const names = ["9", "10", "1a", "09", "1e1", "0x9", "9.0", " 9", "", "9a"];
  const { answer } = runPatched(
    "findsByName",
    AZURITE,
    `(() => {
      const Loki = azurite("lokijs");
      const names = ${JSON.stringify(names)};
      const old = new Loki("old");
      const blobs = old.addCollection("blobs", { indices: ["accountName", "name"] });
      for (const name of names) blobs.insert({ accountName: "account", name });
      const saved = JSON.parse(old.serialize());
      saved.databaseVersion = 1.5;
      saved.collections[0].binaryIndices.name.values.reverse();
      const restarted = new Loki("new");
      restarted.loadJSONObject(saved);
      const found = (documents) => names.map((name) => documents.findOne({ accountName: "account", name })?.name ?? null);
      return [found(blobs), found(restarted.getCollection("blobs"))];
    })()`,
  );

  expect(answer).toEqual([names, names]);
});

test("hashesOnce finds the methods of Azurite that it wraps", ({ expect }) => {
  const { answer } = runPatched(
    "hashesOnce",
    AZURITE,
    `[...["appendExtent", "streamPipe", "readExtent"].map(
      (name) => azurite("./common/persistence/FSExtentStore").default.prototype[name].name,
    ), azurite("./blob/handlers/BlockBlobHandler").default.prototype.stageBlock.name,
    azurite("./common/utils/utils").getMD5FromStream.name]`,
  );

  expect(answer, `Azurite ${version} writes uploads otherwise: it reads each of them again for its MD5`).toEqual([
    "appendAndHash",
    "pipeAndHash",
    "readUnlessHashed",
    "stageAndHashIfAsked",
    "getMD5UnlessHashed",
  ]);
});

test("matchesOnce finds the function of Azurite that it wraps, and gives the same answers, first and again", ({
  expect,
}) => {
  const { answer } = runPatched(
    "matchesOnce",
    AZURITE,
    `(() => {
      const { isURITemplateMatch } = azurite("./blob/generated/utils/utils");
      const ask = () => ["/", "/container", "/container/blob"].map((path) =>
        ["/", "/{containerName}", "/{containerName}/{blob}"].filter((template) => isURITemplateMatch(path, template)));
      return [isURITemplateMatch.name, ask(), ask()];
    })()`,
  );

  const matches = [["/"], ["/{containerName}"], ["/{containerName}/{blob}"]];
  expect(answer, `Azurite ${version} compares paths otherwise`).toEqual(["matchOnce", matches, matches]);
});

test("dispatchesAmongFew finds the function of Azurite that it wraps, which finds the same operations as before", ({
  expect,
}) => {
  const { answer } = runPatched(
    "dispatchesAmongFew",
    AZURITE,
    `(() => {
      const path = "./blob/generated/middleware/dispatch.middleware";
      const patched = azurite(path).default;
      const operations = azurite("./blob/generated/artifacts/operation");
      const all = operations.default;
      delete azurite.cache[azurite.resolve(path)];
      const original = azurite(path).default;
      const specifications = azurite("./blob/generated/artifacts/specifications").default;
      const valueOf = ({ defaultValue, type }) => String(defaultValue ?? type.allowedValues?.[0] ?? "x");
      const given = (parameters = []) => Object.fromEntries(
        parameters.filter(({ mapper }) => mapper.required).map(({ mapper }) => [mapper.serializedName, valueOf(mapper)]));
      const logger = { verbose() {}, info() {}, error() {} };
      const ask = (dispatch, dispatchPattern, method, queries, headers) => {
        const context = { dispatchPattern };
        const request = {
          getMethod: () => method,
          getPath: () => dispatchPattern,
          getQuery: (name) => queries[name],
          getHeader: (name) => headers[name],
        };
        let error;
        dispatch(context, request, (passed) => (error = passed), logger);
        return [context.operation, error?.message, operations.default === all];
      };
      let found = 0;
      const differing = [];
      for (const [number, { httpMethod, queryParameters, headerParameters }] of Object.entries(specifications)) {
        for (const pattern of ["/", "/container", "/container/blob", "/other/pattern/of/path"]) {
          for (const extra of [{}, { "X-HTTP-Method": "DELETE" }]) {
            const request = [pattern, httpMethod, given(queryParameters), { ...given(headerParameters), ...extra }];
            const [before, after] = [original, patched].map((dispatch) => ask(dispatch, ...request));
            if (after[0] !== undefined) found++;
            if (String(before) !== String(after) || !after[2]) differing.push([...request, before, after]);
          }
        }
      }
      return [patched.name, found > 100, differing];
    })()`,
  );

  expect(answer, `Azurite ${version} finds out otherwise what a request wants`).toEqual(["dispatchAmongFew", true, []]);
});

test("writesAtOnce finds the method of Azurite that it replaces", ({ expect }) => {
  const { answer } = runPatched(
    "writesAtOnce",
    AZURITE,
    `azurite("./common/persistence/FSExtentStore").default.prototype.streamPipe.name`,
  );

  expect(answer, `Azurite ${version} writes uploads otherwise: through streams and other threads`).toBe("writeAtOnce");
});

test("readsInPlace finds the methods of Azurite that it replaces", ({ expect }) => {
  const { answer } = runPatched(
    "readsInPlace",
    AZURITE,
    `["readExtent", "readExtents"].map((name) => azurite("./common/persistence/FSExtentStore").default.prototype[name].name)`,
  );

  expect(answer, `Azurite ${version} reads otherwise: through streams and other threads`).toEqual([
    "readInPlace",
    "readAllInPlace",
  ]);
});

test.for(["sequelize", "applicationinsights"])("loadsLess replaces %s by a stand-in", (name, { expect }) => {
  const { answer } = runPatched("loadsLess", AZURITE, `String(Object.keys(azurite(${JSON.stringify(name)})))`);

  expect(answer, `Azurite ${version} has no package ${name}: take it off the list in loadsLess`).toBe("");
});

test.for([
  ["keepsChanges", "Azurite starts without the patch keepsChanges: Cannot find module 'lokijs'"],
  ["findsByName", "Azurite starts without the patch findsByName: Cannot find module 'lokijs'"],
  ["tellsOfBlobs", "Azurite starts without the patch tellsOfBlobs: Cannot find module 'lokijs'"],
  ["loadsLess", "Azurite starts without the patch loadsLess of sequelize: Cannot find module 'sequelize'"],
  [
    "hashesOnce",
    "Azurite starts without the patch hashesOnce: Cannot find module './common/persistence/FSExtentStore'",
  ],
  [
    "writesAtOnce",
    "Azurite starts without the patch writesAtOnce: Cannot find module './common/persistence/FSExtentStore'",
  ],
  [
    "readsInPlace",
    "Azurite starts without the patch readsInPlace: Cannot find module './common/persistence/FSExtentStore'",
  ],
  [
    "dispatchesAmongFew",
    "Azurite starts without the patch dispatchesAmongFew: Cannot find module './blob/generated/middleware/dispatch.middleware'",
  ],
  ["matchesOnce", "Azurite starts without the patch matchesOnce: Cannot find module './blob/generated/utils/utils'"],
])("an Azurite that has nothing for %s to patch starts all the same, and says so", ([name, notice], { expect }) => {
  const azurite = join(temporaryFolder(), "azurite.js");
  writeFileSync(azurite, 'console.log("ready");');

  const { status, stdout, stderr } = runPatched(name, azurite);

  expect([status, stdout.trim()]).toEqual([0, "ready"]);
  expect(stderr).toContain(notice);
});

test("Azurite says where it listens in the lines that the stack waits for", ({ expect }) => {
  const text = readFileSync(AZURITE, "utf8");
  const missing = ["Blob", "Queue", "Table"].filter(
    (service) => !text.includes(`Azurite ${service} service is successfully listening at`),
  );

  expect(missing, `Azurite ${version} words its ready lines otherwise: the stack would wait for them in vain`).toEqual(
    [],
  );
});

/** Preloads one patch into an Azurite; with `probe`, it ends before its first line and answers with that value. */
function runPatched(name: string | undefined, azurite: string, probe?: string) {
  const ask = `
    import { createRequire } from "node:module";
    const azurite = createRequire(process.argv[1]);
    let answer;
    try {
      answer = ${probe ?? "undefined"};
    } catch (error) {
      answer = error.message;
    }
    console.log(JSON.stringify(answer));
    process.exit();`;
  const preloads = [
    pathToFileURL(builtScript(`local/azurite/patches/${name}.ts`)).href,
    ...(probe === undefined ? [] : [`data:text/javascript,${encodeURIComponent(ask)}`]),
  ];
  const imports = preloads.flatMap((url) => ["--import", url]);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...imports, azurite], {
    encoding: "utf8",
    env: { ...process.env, [NEWS_VARIABLE]: blobNewsIn(temporaryFolder()) },
  });
  return { status, stdout, stderr, answer: probe === undefined ? undefined : (JSON.parse(stdout) as unknown) };
}
