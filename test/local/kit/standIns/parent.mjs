// Starts one service as the stack does and says its process id, for tests that kill a parent.
import { spawnNode } from "../../../../dist/local/kit/childProcess.js";

const child = spawnNode(process.argv[2], [process.argv[3]], process.env);
child.stdout.once("data", () => process.stdout.write(`${child.pid}\n`));
