/** A database of Azurite's as lokijs writes it to its file. There is more in it, which is left as it is. */
export interface SavedDatabase {
  readonly collections: SavedCollection[];
  /** lokijs builds all indices anew for a database that is older than 1.5. */
  databaseVersion?: number;
}

export interface SavedCollection {
  readonly name: string;
  /** In the order of their numbers: lokijs finds them by bisection. */
  data: Document[];
  /** The highest number that was ever given; a number is never used again. */
  maxId: number;
}

export interface Document {
  /** Its number in the collection. */
  readonly $loki: number;
}

/** One change to one collection. */
export type Change =
  | { readonly in: string; readonly put: Document }
  | { readonly in: string; readonly remove: readonly number[] }
  /** The collection as lokijs would save it, empty. */
  | { readonly in: string; readonly create: SavedCollection }
  | { readonly in: string; readonly drop: true };

/**
 * Brings a database up to date: `apply` for each change in order, then `finish`. Changes that the database has already
 * do no harm, if all later ones follow.
 */
export class ChangedDatabase {
  readonly #database: SavedDatabase;
  readonly #documents = new Map<SavedCollection, Map<number, Document>>();

  constructor(database: SavedDatabase) {
    this.#database = database;
  }

  /** Throws when it is no change. */
  apply(change: Change): void {
    if (typeof change.in !== "string") throw new TypeError("A change names no collection");
    if ("create" in change) {
      this.#drop(change.in);
      this.#database.collections.push({ ...change.create, data: [] });
    } else if ("drop" in change) {
      this.#drop(change.in);
    } else if ("put" in change) {
      const { $loki } = change.put;
      if (!Number.isInteger($loki)) throw new TypeError("A document has no number");
      this.#changeDocuments(change.in, (documents, collection) => {
        documents.set($loki, change.put);
        collection.maxId = Math.max(collection.maxId, $loki);
      });
    } else {
      this.#changeDocuments(change.in, (documents) => change.remove.forEach((number) => documents.delete(number)));
    }
  }

  finish(): SavedDatabase {
    for (const [collection, documents] of this.#documents) {
      collection.data = [...documents.values()].toSorted((a, b) => a.$loki - b.$loki);
    }
    // An index holds positions, and those have changed.
    if (this.#documents.size > 0) this.#database.databaseVersion = 0;
    return this.#database;
  }

  /** A collection that is not there has been dropped since, as a later change says. */
  #changeDocuments(
    name: string,
    change: (documents: Map<number, Document>, collection: SavedCollection) => void,
  ): void {
    const collection = this.#database.collections.find((known) => known.name === name);
    if (collection === undefined) return;
    let documents = this.#documents.get(collection);
    if (documents === undefined) {
      documents = new Map(collection.data.map((document) => [document.$loki, document]));
      this.#documents.set(collection, documents);
    }
    change(documents, collection);
  }

  #drop(name: string): void {
    const at = this.#database.collections.findIndex((known) => known.name === name);
    if (at === -1) return;
    for (const dropped of this.#database.collections.splice(at, 1)) this.#documents.delete(dropped);
  }
}
