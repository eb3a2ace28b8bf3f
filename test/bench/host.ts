import { runCommand } from "../../src/local/kit/commandLine/command.ts";
import { runMain } from "../../src/local/kit/commandLine/runMain.ts";
import { BENCH_HOST } from "./hostCommand.ts";

await runMain((argv, context) => runCommand(BENCH_HOST, argv, context));
