import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

/**
 * A server in plain Node that answers with what it gets, for comparison with the host. With the argument `web`, the body goes
 * through the `Request` and `Response` in which the library of Azure Functions has it.
 */
const isWeb = process.argv[2] === "web";
const server = createServer((request, response) => {
  if (!isWeb) {
    request.pipe(response);
    return;
  }
  void (async () => {
    const init = { method: "POST", body: Readable.toWeb(request), duplex: "half" } as RequestInit;
    const { body } = new Request("http://localhost/", init);
    const answer = new Response(body);
    for await (const chunk of answer.body as ReadableStream<Uint8Array>) response.write(chunk);
    response.end();
  })();
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
