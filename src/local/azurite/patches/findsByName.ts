import { azurite, patch } from "./patch.ts";

interface Loki {
  readonly prototype: Database;
  readonly Collection: { readonly prototype: Collection };
  readonly Resultset: { readonly prototype: Resultset };
  /** By which it sorts and searches indices. */
  readonly Comparators: Record<"lt" | "gt" | "aeq", Comparison>;
}

type Comparison = (a: unknown, b: unknown, orEqual?: boolean) => boolean;

interface Database {
  addCollection: (this: Database, name: string, options?: { indices?: readonly string[] }) => unknown;
  loadJSONObject: (this: Database, saved: Saved, ...rest: unknown[]) => unknown;
}

/** As lokijs has written it. */
interface Saved {
  /** lokijs builds all indices anew for a database that is older than 1.5. */
  databaseVersion?: number;
  readonly collections?: readonly { readonly binaryIndices?: Record<string, unknown> }[];
}

type Query = Readonly<Record<string, unknown>>;

/** What all questions go through. */
interface Resultset {
  readonly collection: Collection;
  find: (this: Resultset, query?: Query, ...rest: unknown[]) => unknown;
}

interface Collection {
  /** By property. */
  readonly binaryIndices: Readonly<Record<string, unknown>>;
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
 * lokijs compares texts that look like numbers as numbers, by which 9 < 10 < 1a < 9: it would look for some names in vain. So
 * this has it compare texts as texts.
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
  compareTexts(Loki.Comparators);
  findByRarest(Loki.Resultset.prototype);
  removeFewOneByOne(Loki.Collection.prototype);
  indexRarestOnly(Loki.prototype);
});

function compareTexts(comparators: Loki["Comparators"]): void {
  const { lt, gt, aeq } = comparators;
  if ([lt, gt, aeq].some((comparison) => typeof comparison !== "function")) {
    throw new Error("lokijs compares by other functions");
  }
  comparators.lt = (a, b, orEqual) =>
    typeof a === "string" && typeof b === "string" ? a < b || (orEqual === true && a === b) : lt(a, b, orEqual);
  comparators.gt = (a, b, orEqual) =>
    typeof a === "string" && typeof b === "string" ? a > b || (orEqual === true && a === b) : gt(a, b, orEqual);
  comparators.aeq = (a, b) => (typeof a === "string" && typeof b === "string" ? a === b : aeq(a, b));
}

function findByRarest(resultset: Resultset): void {
  const { find } = resultset;
  if (typeof find !== "function") throw new Error("lokijs finds its documents by other methods");
  resultset.find = function findByRarest(query, ...rest) {
    return find.call(this, query && rarestFirst(this.collection, query), ...rest);
  };
}

function removeFewOneByOne(collection: Collection): void {
  const { find, findAndRemove, remove } = collection;
  if ([find, findAndRemove, remove].some((method) => typeof method !== "function")) {
    throw new Error("lokijs removes its documents by other methods");
  }
  collection.findAndRemove = function removeFew(query) {
    const found = this.find(query);
    if (found.length > FEW) return findAndRemove.call(this, query);
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
    // Those of an Azurite without this patch are in another order.
    saved.databaseVersion = 0;
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
