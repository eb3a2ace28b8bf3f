import { runCommand } from "../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../src/local/kit/commandLine/runMain.ts";
import { BENCH_BATCH } from "./batchCommand.ts";

await runMain((argv, context) => runCommand(BENCH_BATCH, argv, context));
