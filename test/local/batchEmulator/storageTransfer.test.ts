import { randomBytes } from "node:crypto";
import { getEventListeners, once } from "node:events";
import { appendFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener, ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import { download, upload } from "../../../src/local/batchEmulator/runner/storageTransfer.ts";
import type { TransferContext } from "../../../src/local/batchEmulator/runner/transferRetries.ts";
import type { Clock } from "../../../src/local/kit/clock.ts";
import { findFreePort, listen } from "../../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../../src/local/kit/loopback.ts";
import { VirtualClock } from "../../../src/local/kit/virtualClock.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** More than all buffers between two sockets hold. */
const LARGE_BYTES = 16 * 1024 * 1024;

async function serve(listener: RequestListener, port = 0): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://${LOOPBACK}:${await listen(server, { port })}/blob`;
}

/** A server that reads nothing after the head of a request until it is told to. */
async function serveSlowly(): Promise<{ url: string; head: Promise<Socket> }> {
  const server = createTcpServer();
  const head = once(server, "connection").then(async ([socket]: Socket[]) => {
    if (socket === undefined) throw new Error("There is no connection");
    onTestFinished(() => void socket.destroy());
    await once(socket, "readable");
    return socket;
  });
  const port = await listen(server, { port: 0 });
  onTestFinished(() => void server.close());
  return { url: `http://${LOOPBACK}:${port}/blob`, head };
}

/** Lets time pass at once, and tells how long every pause would have been. */
function recordedTime(signal = new AbortController().signal): TransferContext & { pauses: number[] } {
  const pauses: number[] = [];
  const after: Clock["after"] = (delayMs, action) => {
    pauses.push(delayMs);
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  };
  return { clock: { now: () => 0, after, at: after }, signal, pauses };
}

function newFile(text: string | Buffer = "hello"): string {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, text);
  return path;
}

test("a download goes on as soon as a service that was away is back", async ({ expect }) => {
  const port = await findFreePort({ port: 0 });
  const context = recordedTime();
  const path = newFile("");
  let tries = 0;
  const { clock } = context;
  const after: Clock["after"] = (delayMs, action) => {
    const isBack = ++tries === 3;
    const started = isBack ? serve((_request, response) => response.end("there"), port) : Promise.resolve();
    void started.then(() => clock.after(delayMs, action));
    return () => {};
  };

  await download(`http://${LOOPBACK}:${port}/blob`, path, 0o600, { ...context, clock: { ...clock, after } });

  expect(readFileSync(path, "utf8")).toBe("there");
  expect(context.pauses).toEqual([500, 1000, 2000]);
});

const REFUSING = undefined;

test.for([
  ["refuses connections", REFUSING],
  ["ends connections", (request) => void request.socket.destroy()],
  ["is busy", (_request, response) => void response.writeHead(503).end()],
  ["has too much to do", (_request, response) => void response.writeHead(429).end()],
] as const satisfies readonly (readonly [string, RequestListener | undefined])[])(
  "a transfer with a service that %s fails after about a minute of growing pauses",
  async ([, listener], { expect }) => {
    const url =
      listener === REFUSING ? `http://${LOOPBACK}:${await findFreePort({ port: 0 })}/` : await serve(listener);
    const down = recordedTime();
    const up = recordedTime();

    await expect(download(url, newFile(), 0o600, down)).rejects.toThrow();
    await expect(upload(newFile(), url, {}, up)).rejects.toThrow();

    const total = down.pauses.reduce((sum, pause) => sum + pause, 0);
    expect(total).toBeGreaterThan(55_000);
    expect(total).toBeLessThan(70_000);
    expect(down.pauses).toEqual(down.pauses.toSorted((a, b) => a - b));
    expect(up.pauses).toEqual(down.pauses);
  },
);

test("a download that is cut off begins again", async ({ expect }) => {
  let tries = 0;
  const url = await serve((_request, response) => {
    if (++tries > 1) response.end("whole");
    else response.writeHead(200, { "Content-Length": 1000 }).write("much longer", () => response.destroy());
  });
  const path = newFile("");
  const context = recordedTime();

  await download(url, path, 0o600, context);

  expect(readFileSync(path, "utf8")).toBe("whole");
  expect(context.pauses).toEqual([500]);
});

test.for([
  ["accepts connections and never answers", () => {}],
  ["stops in the middle of its answer", (response) => void response.writeHead(200, { "Content-Length": 9 }).write("w")],
] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[])(
  "a download is tried again when the service %s",
  async ([, begin], { expect }) => {
    let tries = 0;
    const url = await serve((_request, response) => void (++tries > 1 ? response.end("whole") : begin(response)));
    const path = newFile("");
    const context = recordedTime();

    await download(url, path, 0o600, { ...context, idleMs: 100 });

    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(context.pauses[0]).toBe(500);
  },
);

test("a download is what the service sends, wherever it is cut into pieces, and nothing of what comes after it", async ({
  expect,
}) => {
  const body = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
  const { url, head } = await serveSlowly();
  const path = newFile("much longer than what is going to be there".repeat(100));
  const transfer = download(url, path, 0o600, recordedTime());
  const socket = await head;
  socket.setNoDelay();

  const answer = [
    Buffer.from("HTTP/1.1 200 OK\r\nContent-LENGTH:  300 \r\nX: y\r\n\r\n"),
    body,
    Buffer.from("HTTP/1.1"),
  ];
  for (const byte of Buffer.concat(answer)) await new Promise((sent) => socket.write(Buffer.of(byte), sent));
  await transfer;

  expect(readFileSync(path).equals(body)).toBe(true);
});

test.for([
  ["in chunks", (response) => void (response.write("wh"), response.end("ole"))],
  ["until it ends the connection", (response) => void response.writeHead(200, { Connection: "close" }).end("whole")],
  [
    "with hints first",
    (response) => response.writeEarlyHints({ link: "</a>; rel=preload" }, () => response.end("whole")),
  ],
] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[])(
  "a service may answer a download %s",
  async ([, answer], { expect }) => {
    const url = await serve((_request, response) => answer(response));
    const path = newFile("");
    const context = recordedTime();

    await download(url, path, 0o600, context);

    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(context.pauses).toEqual([]);
  },
);

test("a download leaves nothing with the signal that ends it, and no transfer begins once that has come", async ({
  expect,
}) => {
  let requests = 0;
  const url = await serve((request, response) => {
    requests++;
    request.resume();
    response.end("whole");
  });
  const abort = new AbortController();
  const context = recordedTime(abort.signal);

  await download(url, newFile(), 0o600, context);

  expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  abort.abort();
  await expect(download(url, newFile(), 0o600, context)).rejects.toMatchObject({ name: "AbortError" });
  await expect(upload(newFile(), url, {}, context)).rejects.toMatchObject({ name: "AbortError" });
  expect(requests).toBe(1);
});

test("an empty blob is downloaded as an empty file", async ({ expect }) => {
  const url = await serve((_request, response) => void response.writeHead(200, { "Content-Length": 0 }).end());
  const path = newFile("old");

  await download(url, path, 0o600, recordedTime());

  expect(readFileSync(path, "utf8")).toBe("");
});

test("a download that is not to be goes no further, and leaves the file that is there", async ({ expect }) => {
  const url = await serve((_request, response) => void response.writeHead(404).end("gone"));
  const path = newFile("old");

  await expect(download(url, path, 0o600, recordedTime())).rejects.toMatchObject({
    status: 404,
    message: "404 Not Found",
  });

  expect(readFileSync(path, "utf8")).toBe("old");
});

test("a task that is ended in the middle of a download ends it", async ({ expect }) => {
  const { url, head } = await serveSlowly();
  const abort = new AbortController();
  const context = recordedTime(abort.signal);
  const transfer = download(url, newFile(), 0o600, context);
  const socket = await head;
  const closed = new Promise((resolve) => socket.on("error", () => {}).on("close", resolve));
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwho");

  abort.abort();

  await expect(transfer).rejects.toMatchObject({ name: "AbortError" });
  await closed;
  expect(context.pauses).toEqual([]);
});

test("a download to where no file can be fails for good", async ({ expect }) => {
  const url = await serve((_request, response) => response.end("whole"));
  const context = recordedTime();

  await expect(download(url, temporaryFolder(), 0o600, context)).rejects.toMatchObject({ code: "EISDIR" });

  expect(context.pauses).toEqual([]);
});

test("an upload is what is in the file, whatever its size", async ({ expect }) => {
  const received: Buffer[] = [];
  const url = await serve((request, response) => {
    void buffer(request).then((body) => {
      received.push(body);
      response.writeHead(201).end();
    });
  });
  const sent = [1, 512 * 1024, 512 * 1024 + 1, 3_000_000].map((length) => randomBytes(length));

  for (const bytes of sent) await upload(newFile(bytes), url, {}, recordedTime());

  expect(received.map((body, index) => body.equals(sent[index] ?? Buffer.alloc(0)))).toEqual([true, true, true, true]);
});

test("an upload is tried again when the service reads it all and never answers", async ({ expect }) => {
  let tries = 0;
  const url = await serve((request, response) => {
    request.resume();
    if (++tries > 1) response.writeHead(201).end();
  });
  const context = recordedTime();

  await upload(newFile(), url, {}, { ...context, idleMs: 100 });

  expect(context.pauses[0]).toBe(500);
});

test("an upload is tried again when the service stops reading it", async ({ expect }) => {
  const { url, head } = await serveSlowly();
  const context = recordedTime();
  const abort = new AbortController();
  const transfer = upload(
    newFile(Buffer.alloc(LARGE_BYTES)),
    url,
    {},
    {
      ...context,
      signal: abort.signal,
      idleMs: 20,
      clock: {
        ...context.clock,
        after: (delayMs, action) => {
          abort.abort();
          return context.clock.after(delayMs, action);
        },
      },
    },
  );

  await expect(Promise.all([transfer, head])).rejects.toThrow();
  expect(context.pauses).toEqual([500]);
});

test("the error of a silent service says how long it was silent", async ({ expect }) => {
  const url = await serve(() => {});
  const context = { ...recordedTime(), idleMs: 20 };

  await expect(download(url, newFile(), 0o600, context)).rejects.toThrow("no byte came or went for 0.02 s");
});

test.for([400, 401, 403, 404, 409, 412])("an answer of %i is final", async (status, { expect }) => {
  const url = await serve((_request, response) => void response.writeHead(status).end());
  const context = recordedTime();

  await expect(download(url, newFile(), 0o600, context)).rejects.toMatchObject({ status });
  await expect(upload(newFile(), url, {}, context)).rejects.toMatchObject({ status });

  expect(context.pauses).toEqual([]);
});

test("a task that is ended does not wait for the next try", async ({ expect }) => {
  const url = await serve((_request, response) => void response.writeHead(503).end());
  const abort = new AbortController();
  const clock = new VirtualClock();
  let transfer: Promise<void> | undefined;
  await new Promise<void>((pausing) => {
    const after: Clock["after"] = (delayMs, action) => {
      pausing();
      return clock.after(delayMs, action);
    };
    const context = { clock: { now: () => 0, after, at: after }, signal: abort.signal };
    transfer = upload(newFile(), url, {}, context);
  });

  abort.abort();

  await expect(transfer).rejects.toMatchObject({ name: "AbortError" });
});

test("a file that grows while it is uploaded ends where it ended when the upload began", async ({ expect }) => {
  const path = newFile(Buffer.alloc(LARGE_BYTES, "a"));
  const { url, head } = await serveSlowly();
  const transfer = upload(path, url, {}, recordedTime());
  const socket = await head;

  appendFileSync(path, "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  let received = "";
  let length = 0;
  for await (const chunk of socket.setEncoding("latin1") as AsyncIterable<string>) {
    if (length === 0) received = chunk;
    length += chunk.length;
    const headLength = received.indexOf("\r\n\r\n") + 4;
    if (length < headLength + LARGE_BYTES) continue;
    expect(length).toBe(headLength + LARGE_BYTES);
    socket.end("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
  await transfer;

  expect(received.toLowerCase()).toContain(`content-length: ${LARGE_BYTES}`);
  expect(length).toBe(received.indexOf("\r\n\r\n") + 4 + LARGE_BYTES);
});

test("a file that shrinks while it is uploaded fails that upload at once", async ({ expect }) => {
  const path = newFile(Buffer.alloc(LARGE_BYTES, "a"));
  const { url, head } = await serveSlowly();
  const context = recordedTime();
  const transfer = upload(path, url, {}, context);
  const socket = await head;

  truncateSync(path, 5);
  socket.resume();

  await expect(transfer).rejects.toThrow(/bytes shorter/);
  expect(context.pauses).toEqual([]);
});

test("a service that refuses a large file before it has read it is heard", async ({ expect }) => {
  const { url, head } = await serveSlowly();
  const transfer = upload(newFile(Buffer.alloc(LARGE_BYTES)), url, {}, recordedTime());
  const socket = await head;

  socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");

  await expect(transfer).rejects.toMatchObject({ status: 403 });
});

test("an empty file is uploaded as one", async ({ expect }) => {
  let length: string | undefined;
  const url = await serve((request, response) => {
    length = request.headers["content-length"];
    response.writeHead(201).end();
  });

  await upload(newFile(""), url, {}, recordedTime());

  expect(length).toBe("0");
});

test("a link is not uploaded", async ({ expect }) => {
  const link = join(temporaryFolder(), "link");
  symlinkSync(newFile(), link);

  await expect(upload(link, "http://127.0.0.1:9/", {}, recordedTime())).rejects.toMatchObject({ code: "ELOOP" });
});
