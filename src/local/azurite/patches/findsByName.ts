import { azurite, patch } from "./patch.ts";

interface Loki {
  readonly prototype: Database;
  readonly Collection: { readonly prototype: Collection };
}

interface Database {
  addCollection: (this: Database, name: string, options?: { indices?: readonly string[] }) => unknown;
  loadJSONObject: (this: Database, saved: Saved, ...rest: unknown[]) => unknown;
}

/** As lokijs has written it. */
interface Saved {
  readonly collections?: readonly { readonly binaryIndices?: Record<string, unknown> }[];
}

type Query = Readonly<Record<string, unknown>>;

interface Collection {
  /** By property. */
  readonly binaryIndices: Readonly<Record<string, unknown>>;
  findOne: (this: Collection, query: Query) => unknown;
  find: (this: Collection, query: Query) => readonly object[];
  findAndRemove: (this: Collection, query: Query) => void;
  remove: (this: Collection, document: object) => unknown;
}

/** The properties that tell documents apart, of those that Azurite has indices of. */
const RAREST = ["blobName", "name"];
/** So many at most are removed one by one. */
const FEW = 16;

/**
 * Azurite asks for one blob by account, container and name, in this order, and lokijs uses the index of the first only. All
 * blobs are of one account: so each request looks at every blob there is, several times (6 ms for one HEAD among 10,000
 * blobs). This puts the name first, of which few blobs have the same. What is found stays the same. The other indices are
 * of no use then, and each costs a walk through all of it whenever a blob is deleted, so they go.
 *
 * And Azurite deletes a blob by a query for however many, after which lokijs sorts its indices anew (25 ms for one among
 * 10,000). This deletes the few that are found one by one, which changes an index at one place.
 *
 * Relies on: lokijs looks by the index of the first property that is asked for, and Azurite has an index of the names.
 * Seen with: Azurite 3.31.0 to 3.35.0 (lokijs 1.5.12).
 * If it goes: requests take longer the more blobs there are.
 */
patch("findsByName", () => {
  const Loki = azurite("lokijs") as Loki;
  findByRarest(Loki.Collection.prototype);
  indexRarestOnly(Loki.prototype);
});

function findByRarest(collection: Collection): void {
  const { findOne, find, findAndRemove, remove } = collection;
  if ([findOne, find, findAndRemove, remove].some((method) => typeof method !== "function")) {
    throw new Error("lokijs finds its documents by other methods");
  }
  collection.findOne = function findOneByRarest(query) {
    return findOne.call(this, rarestFirst(this, query));
  };
  collection.findAndRemove = function removeFew(query) {
    const found = find.call(this, rarestFirst(this, query));
    if (found.length > FEW) return findAndRemove.call(this, query);
    // Another patch may have wrapped it.
    for (const document of found) this.remove(document);
  };
}

function indexRarestOnly(database: Database): void {
  const { addCollection, loadJSONObject } = database;
  if ([addCollection, loadJSONObject].some((method) => typeof method !== "function")) {
    throw new Error("lokijs makes its collections by other methods");
  }
  database.addCollection = function addWithRarest(name, options) {
    const { indices } = options ?? {};
    const fewer = indices === undefined ? options : { ...options, indices: rarestOf(indices) };
    return addCollection.call(this, name, fewer);
  };
  database.loadJSONObject = function loadWithRarest(saved, ...rest) {
    for (const { binaryIndices = {} } of saved.collections ?? []) {
      const kept = rarestOf(Object.keys(binaryIndices));
      for (const property of Object.keys(binaryIndices)) if (!kept.includes(property)) delete binaryIndices[property];
    }
    return loadJSONObject.call(this, saved, ...rest);
  };
}

/** All of them where there is no rare one among them. */
function rarestOf(properties: readonly string[]): readonly string[] {
  const rarest = properties.filter((property) => RAREST.includes(property));
  return rarest.length === 0 ? properties : rarest;
}

function rarestFirst({ binaryIndices }: Collection, query: Query): Query {
  const rarest = RAREST.find((property) => typeof query[property] === "string" && property in binaryIndices);
  return rarest === undefined ? query : { [rarest]: query[rarest], ...query };
}
