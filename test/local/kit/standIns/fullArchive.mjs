// Archives until the operating system refuses to write on (see `underFileSizeLimit`), and says what happened.
import { Archive } from "../../../../dist/local/kit/archive.js";
import { ArchivingJournal } from "../../../../dist/local/kit/archivingJournal.js";

const [journalPath, archiveFolder] = process.argv.slice(2);
const failures = [];
const archive = new Archive(archiveFolder);
const journal = ArchivingJournal.open(journalPath, {
  format: { kind: "notes", version: 2 },
  apply: () => {},
  archive,
  snapshot: () => [],
  relocate: () => {},
  onFailure: (error) => failures.push(error.message),
});

let archived = 0;
let error;
for (; error === undefined; archived++) {
  const id = `i${archived}`;
  error = thrownBy(() => journal.append({ k: "archived", id, place: archive.append(id, { note: "x".repeat(300) }) }));
}
archived--;
const later = thrownBy(() => journal.append({ k: "drop", id: "later" }));
journal.close();
const { code, message, hint } = error;
process.stdout.write(JSON.stringify({ archived, code, message, hint, isSame: later === error, failures }));

function thrownBy(action) {
  try {
    action();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
