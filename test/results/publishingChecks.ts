import type { Config } from "../../src/config.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import type { Decision } from "../../src/results/decision.ts";
import { METADATA } from "../../src/results/targets.ts";
import type { Scenario, Uploads, Version } from "./publishingRuns.ts";
import { VERSIONS, VIDEO, contentOfResult, nameOf } from "./publishingRuns.ts";

interface Blob {
  readonly text: string;
  readonly eTag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** All blobs, by container and name: `output/talk.mp3`. */
type Blobs = ReadonlyMap<string, Blob>;

/** What is promised of the output container at any moment, and when all runs have come to their end. */
export class PublishingChecks {
  readonly #containers: Config["containers"];
  readonly #eTags: Uploads["eTags"];
  readonly #blobs: Blobs;
  readonly #result: string;

  constructor(containers: Config["containers"], eTags: Uploads["eTags"], blobs: Blobs) {
    this.#containers = containers;
    this.#eTags = eTags;
    this.#blobs = blobs;
    this.#result = `${containers.output}/${VIDEO.slice(0, -1)}3`;
  }

  /** How new the result and the record are: greater for later versions, and for later attempts; 0 if there is none. */
  get age(): { readonly result: number; readonly record: number } {
    return { result: this.#ageOf(this.#result), record: this.#ageOf(`${this.#result}.json`) };
  }

  /** Throws where a record of a success stands beside a result that is not its own, unless that of a newer one follows. */
  checkNow(): void {
    if (this.#record?.status !== "succeeded") return;
    const { result, record } = this.age;
    if (result < record) {
      throw new Error("The record of a success stands beside the result of an older version, or none");
    }
    if (result > record && !this.#isDecidedGood()) {
      throw new Error("The result of a newer version has replaced one, and nothing says that it will be recorded");
    }
  }

  /** `told` is what the runs of the scenario have said in the end. */
  checkEnd(scenario: Scenario, told: readonly unknown[]): void {
    const record = this.#record;
    const due = this.#versionsDue(scenario);
    if (record === undefined) {
      if (due.length > 0) throw new Error("There is no record at the end");
      return;
    }
    const version = this.#versionOf(record.input.eTag);
    if (due.length > 0 && !due.includes(version)) {
      throw new Error(`The record at the end is of ${version}, not ${due.join()}`);
    }
    for (const [index, run] of scenario.runs.entries()) {
      const isAboutIt = run.version === version && (run.attempt ?? 1) === record.attempts;
      if (isAboutIt && told[index] !== record.status && told[index] !== "superseded") {
        throw new Error(`${nameOf(run)} has said ${String(told[index])}, but the record says ${record.status}`);
      }
    }
    const isOfRecord = (key: string): boolean =>
      this.#blobs.get(key)?.metadata[METADATA.conversionId] === record.conversionId;
    if (record.error !== null) {
      if (isOfRecord(this.#result)) throw new Error("A result stands beside the record of its failure");
      const namesLog = record.error.logBlob !== null;
      if (isOfRecord(`${this.#result}.log`) !== namesLog) throw new Error("The record does not tell where the log is");
      return;
    }
    const found = this.#blobs.get(this.#result)?.text;
    const expected = contentOfResult({ version, attempt: record.attempts });
    if (!isOfRecord(this.#result) || found !== expected) {
      throw new Error(`The record of a success stands beside "${found}" instead of "${expected}"`);
    }
  }

  /** The version whose conversion must have left the record; none if that has never been started. */
  #versionsDue({ runs, before }: Scenario): Version[] {
    const current = this.#blobs.get(`${this.#containers.input}/${VIDEO}`)?.eTag;
    const started = [...runs, ...(before ? [before] : [])].map(({ version }) => version);
    if (current !== undefined) return started.filter((version) => this.#eTags[version] === current);
    return started.toSorted().slice(-1);
  }

  get #record(): ConversionRecord | undefined {
    const blob = this.#blobs.get(`${this.#result}.json`);
    return blob && (JSON.parse(blob.text) as ConversionRecord);
  }

  #isDecidedGood(): boolean {
    const id = this.#blobs.get(this.#result)?.metadata[METADATA.conversionId];
    const decision = this.#blobs.get(`${this.#containers.application}/decisions/${id}.json`);
    return decision !== undefined && (JSON.parse(decision.text) as Decision).result !== null;
  }

  #ageOf(key: string): number {
    const metadata = this.#blobs.get(key)?.metadata;
    if (metadata === undefined) return 0;
    const version = this.#versionOf(metadata[METADATA.sourceETag] ?? "");
    return 10 * (1 + VERSIONS.indexOf(version)) + Number(metadata[METADATA.attempt]);
  }

  #versionOf(eTag: string): Version {
    const version = VERSIONS.find((candidate) => this.#eTags[candidate] === eTag);
    if (version === undefined) throw new Error(`There has never been a version ${eTag}`);
    return version;
  }
}
