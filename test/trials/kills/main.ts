import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../../src/local/kit/commandLine/runMain.ts";
import { KILLS } from "./command.ts";

await runMain((argv, context) => runCommand(KILLS, argv, context));
