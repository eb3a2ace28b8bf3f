import { runCommand } from "../kit/commandLine/command.ts";
import { runMain } from "../kit/commandLine/runMain.ts";
import { FUNCTIONS_HOST } from "./command.ts";

await runMain((argv, context) => runCommand(FUNCTIONS_HOST, argv, context));
