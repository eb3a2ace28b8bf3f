#!/usr/bin/env node
// Takes the place of Azure Functions Core Tools that hang: accepts connections, answers none, and cannot be asked to stop.
import { createServer } from "node:net";

process.on("SIGTERM", () => {});
const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
createServer(() => process.stdout.write(`func ${process.pid} was asked\n`)).listen(port, "127.0.0.1");
