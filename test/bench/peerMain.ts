import process from "node:process";
import type { PeerInput } from "./peer.ts";
import { convertAsTutorial } from "./peer.ts";

/** As JSON, in the environment: a key is nothing for a command line. */
await convertAsTutorial(JSON.parse(process.env["BENCH_PEER"] ?? "") as PeerInput);
