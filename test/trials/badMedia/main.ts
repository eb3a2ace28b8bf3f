import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../../src/local/kit/commandLine/runMain.ts";
import { BAD_MEDIA } from "./command.ts";

await runMain((argv, context) => runCommand(BAD_MEDIA, argv, context));
