import { startBatchEmulator, VirtualClock } from "../../src/local/batchEmulator/index.ts";

/** The Batch emulator in a process of its own. Its time moves only when the parent says so. */
const [dataFolder = "", nodes] = process.argv.slice(2);
const clock = new VirtualClock(Date.now());
const emulator = await startBatchEmulator({
  dataFolder,
  clock,
  maxNodes: Number(nodes),
  virtualTasks: { seconds: [30, 90] },
});
process.on("message", (advanceMs: number) => {
  void clock.advance(advanceMs).then(() => process.send?.({ peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
});
process.on("disconnect", () => void emulator.stop());
const { endpoint, accountName, accountKey } = emulator;
process.send?.({ endpoint, accountName, accountKey });
