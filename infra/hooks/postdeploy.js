// @ts-check
/** azd runs this after each deployment; `azd hooks run postdeploy` runs it again, which does no harm. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const main = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "cli", "azure", "postdeployMain.js");
if (existsSync(main)) {
  await import(pathToFileURL(main).href);
} else {
  process.stderr.write(
    "This has not been built yet. Run `npm ci && npm run build`, then `azd hooks run postdeploy`.\n",
  );
  process.exitCode = 2;
}
