import { writeSync } from "node:fs";
import { failureLine } from "../../kit/failureLine.ts";
import { UserError } from "../../kit/userError.ts";
import { ChangeJournal } from "../changeJournal.ts";
import type { Change, Document, SavedCollection, SavedDatabase } from "../savedDatabase.ts";
import { azurite, patch } from "./patch.ts";

interface Loki {
  readonly prototype: Database;
  readonly Collection: { new (...args: never[]): Collection; readonly prototype: Collection };
  readonly LokiFsAdapter: { readonly prototype: Files };
}

interface Database {
  readonly filename: string;
  readonly collections: readonly Collection[];
  /** Null once the database is being closed. */
  readonly autosaveHandle?: unknown;
  addCollection: (this: Database, name: string, ...rest: unknown[]) => Collection;
  removeCollection: (this: Database, name: string) => void;
  serializeReplacer: (key: string, value: unknown) => unknown;
  autosaveDirty: (this: Database) => boolean;
}

interface Collection {
  readonly name: string;
  readonly data: readonly Document[];
  insertOne: (this: Collection, document: object, ...rest: unknown[]) => Document | undefined;
  update: (this: Collection, document: object) => Document | undefined;
  remove: (this: Collection, document: Document | Document[] | number) => unknown;
  removeBatchByPositions: (this: Collection, positions: readonly number[]) => unknown;
}

interface Files {
  loadDatabase: (this: Files, path: string, callback: (loaded: unknown) => void) => void;
  saveDatabase: (this: Files, path: string, text: string, callback: (error?: unknown) => void) => void;
}

/**
 * Azurite keeps its lists of blobs, messages and entities in memory and saves them every 5 s, which no option changes:
 * if it is killed, what it has acknowledged since is lost, and the next one deletes the bytes as garbage. Saving before
 * each answer would take longer the more there is (75 ms with 10,000 blobs). So this writes down every change before it is
 * acknowledged, in a journal beside each database, and takes up the journal at the next start.
 * Saving can wait, then: with many blobs it takes long and stops everything else, so it comes after as many changes as make
 * it worth its while.
 * The bytes of blobs and messages need nothing: Azurite has them on the disk before it lists them, and begins new files
 * after a start. The operations of one table batch are changes one by one.
 *
 * Relies on: lokijs, Azurite's database, and that it makes all changes by the methods of a collection that are wrapped here;
 * that its file adapter is given the state at the moment when it is called; that Azurite saves before it listens.
 * Seen with: Azurite 3.31.0 to 3.35.0 (lokijs 1.5.12).
 * If it goes: a kill loses up to 5 s of what was acknowledged.
 */
patch("keepsChanges", () => {
  const Loki = azurite("lokijs") as Loki;
  keepChangesOf(Loki.Collection.prototype);
  keepCollectionsOf(Loki.prototype);
  keepPropertiesOf(Loki);
  saveSeldom(Loki.prototype);
  keepFilesOf(Loki.LokiFsAdapter.prototype);
});

/** By the path of the database's file. A database is here from its first load or save on. */
const journals = new Map<string, ChangeJournal>();
const databases = new WeakMap<Collection, string>();

function note(collection: Collection, change: Change): void {
  journals.get(databases.get(collection) ?? "")?.add(change);
}

function keepChangesOf(collection: Collection): void {
  const { insertOne, update, remove, removeBatchByPositions } = collection;
  if ([insertOne, update, remove, removeBatchByPositions].some((method) => typeof method !== "function")) {
    throw new Error("lokijs changes its collections by other methods");
  }
  collection.insertOne = function insertAndKeep(...args) {
    const inserted = insertOne.apply(this, args);
    if (inserted !== undefined) note(this, { in: this.name, put: inserted });
    return inserted;
  };
  collection.update = function updateAndKeep(document) {
    const updated = update.call(this, document);
    // An array is updated by one call of this for each of its documents, and gives nothing.
    if (updated !== undefined) note(this, { in: this.name, put: updated });
    return updated;
  };
  collection.remove = function removeAndKeep(document) {
    // Looked at first: a document that has been removed has no number any more.
    const number = typeof document === "number" ? document : "$loki" in document ? document.$loki : undefined;
    const removed = remove.call(this, document);
    if (number !== undefined) note(this, { in: this.name, remove: [number] });
    return removed;
  };
  collection.removeBatchByPositions = function removeBatchAndKeep(positions) {
    const numbers = positions.flatMap((position) => this.data[position]?.$loki ?? []);
    const result = removeBatchByPositions.call(this, positions);
    if (numbers.length > 0) note(this, { in: this.name, remove: numbers });
    return result;
  };
}

function keepCollectionsOf(database: Database): void {
  const { addCollection, removeCollection } = database;
  if ([addCollection, removeCollection].some((method) => typeof method !== "function")) {
    throw new Error("lokijs adds its collections by other methods");
  }
  database.addCollection = function addAndKeep(...args) {
    const collection = addCollection.apply(this, args);
    if (databases.has(collection)) return collection;
    databases.set(collection, this.filename);
    note(collection, { in: collection.name, create: collection as unknown as SavedCollection });
    return collection;
  };
  database.removeCollection = function dropAndKeep(name) {
    removeCollection.call(this, name);
    journals.get(this.filename)?.add({ in: name, drop: true });
  };
}

/** When it saves, lokijs leaves out some properties of its own objects, and those of the same name in documents with them. */
function keepPropertiesOf({ prototype, Collection }: Loki): void {
  const { serializeReplacer } = prototype;
  if (typeof serializeReplacer !== "function") throw new Error("lokijs saves by other methods");
  prototype.serializeReplacer = function keepThoseOfDocuments(this: unknown, key, value) {
    const isOwn = this instanceof Collection || Object.getPrototypeOf(this) === prototype;
    return isOwn ? serializeReplacer(key, value) : value;
  };
}

/** A database with few documents is saved whenever it has changed, as before. */
const FEW_DOCUMENTS = 2_000;
/** Saves after so many changes per document cost each change the same, however many documents there are. */
const CHANGES_PER_DOCUMENT = 0.25;

function saveSeldom(database: Database): void {
  const { autosaveDirty } = database;
  if (typeof autosaveDirty !== "function") throw new Error("lokijs decides otherwise when to save");
  database.autosaveDirty = function isWorthSaving() {
    if (!autosaveDirty.call(this)) return false;
    const changes = journals.get(this.filename);
    const isClosing = this.autosaveHandle === null || this.autosaveHandle === undefined;
    if (changes === undefined || isClosing) return true;
    const documents = this.collections.reduce((sum, { data }) => sum + data.length, 0);
    return documents < FEW_DOCUMENTS || changes.countSinceSave >= documents * CHANGES_PER_DOCUMENT;
  };
}

function keepFilesOf(files: Files): void {
  const { loadDatabase, saveDatabase } = files;
  if ([loadDatabase, saveDatabase].some((method) => typeof method !== "function")) {
    throw new Error("lokijs has another file adapter");
  }
  files.loadDatabase = function loadWithChanges(path, callback) {
    loadDatabase.call(this, path, (loaded) => {
      if (typeof loaded !== "string") return callback(loaded);
      const current = bringUpToDate(path, loaded);
      if (current instanceof Error) return callback(current);
      // Within this call lokijs adds the collections, which is no change.
      callback(current.database);
      journals.set(path, current.changes);
    });
  };
  files.saveDatabase = function saveAndDropChanges(path, text, callback) {
    const changes = journals.get(path) ?? ChangeJournal.openEmpty(path, endOnFailure);
    journals.set(path, changes);
    changes.saveBegins();
    saveDatabase.call(this, path, text, (error) => {
      if (!error) changes.saved();
      callback(error);
    });
  };
}

/** As lokijs wants it: the database, or the error that ends the start. */
function bringUpToDate(path: string, text: string): ReturnType<typeof ChangeJournal.openFor> | Error {
  try {
    return ChangeJournal.openFor(path, parseDatabase(path, text), endOnFailure);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Azurite shows the message and nothing else.
    return new Error([error.message, error.hint].join(". "), { cause: error });
  }
}

function parseDatabase(path: string, text: string): SavedDatabase {
  let database: Partial<SavedDatabase> | null = null;
  try {
    database = JSON.parse(text) as Partial<SavedDatabase> | null;
  } catch {
    // Told below.
  }
  if (Array.isArray(database?.collections)) return database as SavedDatabase;
  throw new UserError("DamagedData", `${path} is damaged`, {
    hint: "Delete the data folder to start afresh, or choose another one with --data.",
  });
}

/** At once: nothing that happened since may be acknowledged. The stack reads why. */
function endOnFailure(failure: UserError): never {
  writeSync(process.stdout.fd, `${failureLine(failure)}\n`);
  process.exit(1);
}
