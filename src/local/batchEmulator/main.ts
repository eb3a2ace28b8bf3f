import { runCommand } from "../kit/commandLine/command.ts";
import { runMain } from "../kit/commandLine/runMain.ts";
import { BATCH_EMULATOR } from "./command.ts";

await runMain((argv, context) => runCommand(BATCH_EMULATOR, argv, context));
