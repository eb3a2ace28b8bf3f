import { request } from "node:http";
import { cpuTimesOf } from "./cpuTimes.ts";
import { ratiosOf } from "./figures.ts";

const AT_ONCE = 1_024;
const BODY = Buffer.alloc(256 * 1024, "a");
const ROUNDS = 3;

export interface EchoServer {
  /** Answers a POST with its body. */
  readonly url: string;
  readonly pid: number;
}

interface Burst {
  readonly slowestSeconds: number;
  readonly cpuSeconds: number;
}

/** Many streamed requests at once, to the host and to the same in plain Node, one after the other. */
export async function measureStreams(
  servers: Readonly<Record<"host" | "plain" | "web", EchoServer>>,
  print: (line: string) => void,
): Promise<void> {
  const rounds: Record<keyof typeof servers, Burst>[] = [];
  for (const server of Object.values(servers)) await burst(server, 16);
  for (let round = 1; round <= ROUNDS; round++) {
    const [plain, web] = [await burst(servers.plain, AT_ONCE), await burst(servers.web, AT_ONCE)];
    rounds.push({ plain, web, host: await burst(servers.host, AT_ONCE) });
  }
  const ratio = (of: keyof Burst, to: "plain" | "web"): string =>
    ratiosOf(
      rounds.map(({ host }) => host[of]),
      rounds.map((one) => one[to][of]),
    ).median.toFixed(1);
  const slowest = rounds.map(({ host }) => host.slowestSeconds.toFixed(1)).join(", ");
  print(
    `${AT_ONCE} streamed requests of ${BODY.length / 1024} kB at once, the slowest: ${slowest} s, ` +
      `${ratio("slowestSeconds", "plain")} times plain Node's, ${ratio("slowestSeconds", "web")} times that of plain Node with web streams; ` +
      `CPU ${ratio("cpuSeconds", "plain")} and ${ratio("cpuSeconds", "web")} times (target 1.5 of the latter)`,
  );
}

async function burst({ url, pid }: EchoServer, count: number): Promise<Burst> {
  const before = cpuTimesOf(pid)?.own ?? Number.NaN;
  const seconds = await Promise.all(Array.from({ length: count }, () => echo(url)));
  const cpuSeconds = (cpuTimesOf(pid)?.own ?? Number.NaN) - before;
  return { slowestSeconds: Math.max(...seconds), cpuSeconds };
}

function echo(url: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent: false, headers: { "content-length": BODY.length } } as const;
    const sent = request(url, options, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => (bytes += chunk.length));
      answer.on("error", reject).on("end", () => {
        if (answer.statusCode === 200 && bytes === BODY.length) resolve((performance.now() - startedAt) / 1000);
        else reject(new Error(`A streamed request was answered with ${answer.statusCode} and ${bytes} bytes`));
      });
    });
    sent.on("error", reject).end(BODY);
  });
}
