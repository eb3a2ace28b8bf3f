import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../../src/local/kit/commandLine/runMain.ts";
import { CHAOS } from "./command.ts";

await runMain((argv, context) => runCommand(CHAOS, argv, context));
