import { runCommand } from "../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../src/local/kit/commandLine/runMain.ts";
import { BENCH_CONVERSIONS } from "./conversionsCommand.ts";

await runMain((argv, context) => runCommand(BENCH_CONVERSIONS, argv, context));
