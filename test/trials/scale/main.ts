import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../../src/local/kit/commandLine/runMain.ts";
import { SCALE } from "./command.ts";

await runMain((argv, context) => runCommand(SCALE, argv, context));
