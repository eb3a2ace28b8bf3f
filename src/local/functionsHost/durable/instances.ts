import type { Archive, ArchivePlace } from "../../kit/archive.ts";
import { checksumOf } from "../../kit/checksum.ts";
import { isFinished } from "../engine/instance.ts";
import type { Instance } from "../engine/instance.ts";
import { checkInstance } from "./hubEntries.ts";

/** What is in memory of every instance. */
export type InstanceSummary = Readonly<Pick<Instance, "id" | "executionId" | "status" | "createdAt">>;

/** What is left in memory of an instance that has finished. */
export interface ArchivedInstance extends InstanceSummary {
  /** Of the instance as JSON. */
  readonly checksum: number;
  readonly place: ArchivePlace;
}

/** The instances of a task hub: the live ones in memory, the finished ones in the archive. */
export class Instances {
  readonly #archive: Archive;
  /** In the order in which their ids came up first. */
  readonly #all = new Map<string, Instance | ArchivedInstance>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** What happens to an instance happens here; one that is archived has nothing left to happen to it. */
  live(id: string): Instance | undefined {
    const known = this.#all.get(id);
    return known === undefined || isArchived(known) ? undefined : known;
  }

  *allLive(): Iterable<Instance> {
    for (const known of this.#all.values()) if (!isArchived(known)) yield known;
  }

  /** Never looks at the disk. */
  summary(id: string): InstanceSummary | undefined {
    return this.#all.get(id);
  }

  /** Never looks at the disk. */
  summaries(): Iterable<InstanceSummary> {
    return this.#all.values();
  }

  /** All about an instance, read from the disk where it is archived. Throws a `UserError` if it is damaged there. */
  find(id: string): Instance | undefined {
    const known = this.#all.get(id);
    if (known === undefined || !isArchived(known)) return known;
    const body = this.#archive.read(id, known.place, (read, json) => {
      if (checksumOf(json) !== known.checksum) throw new Error("The checksum is another one");
      checkInstance(read);
    });
    return body as Instance;
  }

  /** Takes the place of whatever has this id. */
  set(instance: Instance | ArchivedInstance): void {
    this.#release(instance.id);
    this.#all.set(instance.id, instance);
  }

  delete(id: string): void {
    this.#release(id);
    this.#all.delete(id);
  }

  /** Writes a finished instance to the archive, where it counts as soon as the result has been kept and set. */
  toArchive(instance: Instance): ArchivedInstance {
    const { id, executionId, status, createdAt } = instance;
    const json = JSON.stringify(instance);
    const place = this.#archive.appendJson(id, json);
    return { id, executionId, status, createdAt, checksum: checksumOf(json), place };
  }

  /** Throws unless it is what the instance has come to. */
  setArchived(archived: ArchivedInstance): void {
    const known = this.live(archived.id);
    if (known !== undefined && !(isFinished(known) && known.executionId === archived.executionId)) {
      throw new Error(`${archived.id} is archived but has not finished`);
    }
    this.set(archived);
  }

  *snapshot(): Iterable<Instance | ArchivedInstance> {
    yield* this.#all.values();
  }

  relocate(move: (key: string, place: ArchivePlace) => ArchivePlace): void {
    for (const [id, known] of this.#all) {
      if (!isArchived(known)) continue;
      const place = move(id, known.place);
      if (place !== known.place) this.#all.set(id, { ...known, place });
    }
  }

  #release(id: string): void {
    const known = this.#all.get(id);
    if (known !== undefined && isArchived(known)) this.#archive.release(known.place);
  }
}

export function isArchived(known: Instance | ArchivedInstance): known is ArchivedInstance {
  return "place" in known;
}
