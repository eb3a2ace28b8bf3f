#!/usr/bin/env node
// Takes the place of Azure Functions Core Tools: says how it was called, and answers when the host would be running.
import { createServer } from "node:http";

const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
process.stdout.write(
  `func ${process.argv.slice(2).join(" ")} in ${process.cwd()} with STORAGE=${process.env.STORAGE}\n`,
);
let asked = 0;
createServer((request, response) => {
  response.end(JSON.stringify({ path: request.url, state: ++asked > 1 ? "Running" : "Initializing" }));
}).listen(port, "127.0.0.1");
