import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import { BlobServiceClient } from "@azure/storage-blob";
import { vi } from "vitest";
import type { FaultPlanInput } from "../../src/local/batchEmulator/faults/faultPlan.ts";
import type { ConversionRecord, ConversionView } from "../../src/model/conversion.ts";
import { normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import type { Workload } from "../../src/workloads/workload.ts";
import type { LocalStack } from "../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../src/local/stack/localStack.ts";
import { PATIENCE_MS } from "../patience.ts";

const PATIENCE = { timeout: PATIENCE_MS, interval: 100 };

interface StackOptions {
  /** Folder of the function app; this one if not given. */
  readonly app?: string;
  /** What goes wrong in the Batch emulator from the start. */
  readonly batchFaults?: FaultPlanInput;
}

/**
 * The local stack on free ports and a temporary folder, and what a user does with it.
 * With MP3DROP_TEST_HOST=func the app runs in Azure Functions Core Tools instead of the embedded host.
 */
export class StackUnderTest {
  /** Everything that the services have logged. */
  readonly lines: string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #data: string;
  readonly #stack: LocalStack;
  readonly #account: BlobServiceClient;

  private constructor(env: Readonly<Record<string, string>>, data: string, stack: LocalStack, lines: string[]) {
    this.#env = env;
    this.#data = data;
    this.#stack = stack;
    this.lines = lines;
    this.#account = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
  }

  static start(env: Readonly<Record<string, string>> = {}, options: StackOptions = {}): Promise<StackUnderTest> {
    return StackUnderTest.#startIn(mkdtempSync(join(tmpdir(), "mp3drop-")), env, options);
  }

  static async #startIn(
    data: string,
    env: Readonly<Record<string, string>>,
    { app, batchFaults = {} }: StackOptions,
  ): Promise<StackUnderTest> {
    const lines: string[] = [];
    const stack = await startLocalStack({
      data,
      ports: { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 },
      env: { ...process.env, ...env },
      batchFaults: JSON.stringify(batchFaults),
      host: process.env["MP3DROP_TEST_HOST"] === "func" ? "func" : "embedded",
      ...(app !== undefined && { app }),
      onLine: (service, line) => lines.push(`${service}: ${line}`),
    });
    return new StackUnderTest(env, data, stack, lines);
  }

  /** With which other commands find it. */
  get data(): string {
    return this.#data;
  }

  /** Of the Functions host. */
  get url(): string {
    return this.#stack.connection.functions.url;
  }

  /** Of the blob service. */
  get storageUrl(): string {
    return this.#account.url;
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
    rmSync(this.#data, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Another stack, which goes on with what this one has left. */
  async restart(options: StackOptions): Promise<StackUnderTest> {
    await this.#stack.stop();
    return StackUnderTest.#startIn(this.#data, this.#env, options);
  }

  /** Until it is unlocked, nothing can be written there. */
  async lockOutput(name: string): Promise<void> {
    const blob = this.#account.getContainerClient("output").getBlockBlobClient(name);
    await blob.upload("", 0);
    await blob.getBlobLeaseClient().acquireLease(-1);
  }

  async unlockOutput(name: string): Promise<void> {
    await this.#account.getContainerClient("output").getBlobClient(name).getBlobLeaseClient().breakLease(0);
  }

  /** Returns the id of the conversion of this version. */
  async upload(
    name: string,
    content: Buffer,
    workload: Workload = mp3,
    metadata: Record<string, string> = {},
  ): Promise<string> {
    const blob = this.#account.getContainerClient("input").getBlockBlobClient(name);
    const { etag } = await blob.upload(content, content.length, { metadata });
    return idOf(workload, name, etag);
  }

  /** Replaces the metadata of an input, and returns the id of the conversion of the version that this makes. */
  async setMetadata(name: string, metadata: Record<string, string>, workload: Workload = mp3): Promise<string> {
    const { etag } = await this.#account.getContainerClient("input").getBlobClient(name).setMetadata(metadata);
    return idOf(workload, name, etag);
  }

  get storageConnection(): string {
    return this.#stack.connection.storage.connectionString;
  }

  /** Waits for the record of this very conversion. */
  recordOf(name: string, conversionId: string, workload: Workload = mp3): Promise<ConversionRecord> {
    const recordName = resultNamesFor(workload, name).record;
    return vi.waitFor(async () => {
      const record = JSON.parse((await this.download("output", recordName)).toString()) as ConversionRecord;
      if (record.conversionId === conversionId) return record;
      throw new Error(`The record of ${name} is still that of another version`);
    }, PATIENCE);
  }

  async convert(name: string, content: Buffer, workload: Workload = mp3): Promise<ConversionRecord> {
    return this.recordOf(name, await this.upload(name, content, workload), workload);
  }

  download(container: string, name: string): Promise<Buffer> {
    return this.#account.getContainerClient(container).getBlobClient(name).downloadToBuffer();
  }

  async overwrite(container: string, name: string, content: Buffer): Promise<void> {
    await this.#account.getContainerClient(container).getBlockBlobClient(name).upload(content, content.length);
  }

  async deleteInput(name: string): Promise<void> {
    await this.#account.getContainerClient("input").deleteBlob(name);
  }

  async propertiesOf(name: string): Promise<{ contentType?: string; metadata?: Record<string, string> }> {
    return this.#account.getContainerClient("output").getBlobClient(name).getProperties();
  }

  async namesIn(container: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.#account.getContainerClient(container).listBlobsFlat()) names.push(name);
    return names;
  }

  async request(method: string, path: string): Promise<{ status: number; body: ConversionView & { code?: string } }> {
    const response = await fetch(`${this.#stack.connection.functions.url}/api/conversions/${path}`, { method });
    return { status: response.status, body: (await response.json()) as ConversionView };
  }

  get functionsUrl(): string {
    return this.#stack.connection.functions.url;
  }

  async metadataOfInput(name: string): Promise<Record<string, string>> {
    return (await this.#account.getContainerClient("input").getBlobClient(name).getProperties()).metadata ?? {};
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.#stack.connection.functions.url}/api/metrics`);
    return response.text();
  }

  /** A client of the Batch account, as an operator has one. */
  batchClient(): BatchServiceClient {
    const { endpoint, accountName, accountKey } = this.#stack.connection.batch;
    return new BatchServiceClient(new BatchSharedKeyCredentials(accountName, accountKey), endpoint);
  }

  /** Everything that the Functions host has written down, and what all services have logged. */
  filesOfHostAndLogs(): string[] {
    return ["functions", "logs"].flatMap((folder) =>
      readdirSync(join(this.#data, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
    );
  }

  /** Waits until a conversion has the status that the test wants. */
  viewWhen(id: string, isWanted: (view: ConversionView) => boolean): Promise<ConversionView> {
    return vi.waitFor(async () => {
      const { body } = await this.request("GET", id);
      if (isWanted(body)) return body;
      throw new Error(`The conversion is still ${JSON.stringify(body)}`);
    }, PATIENCE);
  }
}

function idOf(workload: Workload, name: string, eTag = ""): string {
  return conversionIdOf(workload.name, { container: "input", name, eTag: normalizeETag(eTag) });
}
