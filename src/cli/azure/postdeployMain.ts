import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import { runMain } from "../../local/kit/commandLine/runMain.ts";
import { postdeploy } from "./postdeploy.ts";

await runMain(async (_argv, { env, output }) => {
  await postdeploy(env, output);
  return EXIT.ok;
});
