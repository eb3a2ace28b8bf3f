import { runCommand } from "../kit/commandLine/command.ts";
import { runMain } from "../kit/commandLine/runMain.ts";
import { CORE_TOOLS } from "./coreToolsProcess.ts";

await runMain((argv, context) => runCommand(CORE_TOOLS, argv, context));
