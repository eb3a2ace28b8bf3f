// A stand-in for a service of the stack: answers on a port and says so, as a child of the stack does.
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const { port = 0, behaviour = "", value = "" } = JSON.parse(process.argv[2] ?? "{}");

if (behaviour === "refuses to start") {
  process.stderr.write("the reason it does not start\n");
  process.exit(2);
}
if (behaviour === "never ready" || (behaviour === "hangs at a restart" && port !== 0)) setInterval(() => {}, 1_000);
else {
  if (behaviour === "ignores SIGTERM") process.on("SIGTERM", () => process.stderr.write("ignored SIGTERM\n"));
  const server = createServer((request, response) => {
    if (request.url === "/die") process.exit(7);
    if (request.url === "/fail") fail();
    if (request.url === "/die-with-a-child") {
      spawn("sleep", ["30"], { stdio: "inherit", detached: true }).unref();
      process.exit(7);
    }
    if (request.url === "/say-json") process.stdout.write('{"failure":null}\n{"failure":{"id":1}}\n');
    if (request.url === "/say") process.stderr.write("said something\n");
    response.end(JSON.stringify({ pid: process.pid, value: process.env.VALUE ?? value }));
  });
  server.listen(port, "127.0.0.1", () => {
    process.stdout.write("loading…\n");
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);
    if (behaviour === "dies once it is ready") process.exit(7);
    if (behaviour === "waits") process.stdin.once("data", () => process.stdout.write("going on\n"));
  });
}

function fail() {
  const failure = { code: "StateNotSaved", message: "/data/state cannot be written", hint: "Free some space." };
  process.stdout.write(`${JSON.stringify({ failure })}\n`);
  process.exit(2);
}
