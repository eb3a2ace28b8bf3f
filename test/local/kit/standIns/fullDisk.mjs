// Fills a journal until the operating system refuses to write on (see `underFileSizeLimit`), and says what happened.
import { Journal } from "../../../../dist/local/kit/journal.js";

const [path, what] = process.argv.slice(2);
const failures = [];
const journal = Journal.open(path, {
  format: { kind: "test", version: 1 },
  apply: () => {},
  onFailure: (error) => failures.push(error.message),
});

let appended = 0;
let error;
if (what === "compact") {
  for (; appended < 10; appended++) journal.append({ n: appended });
  error = thrownBy(() => journal.compact(numbered(1_000_000)));
} else {
  for (; error === undefined; appended += 3) {
    error = thrownBy(() => journal.append(...[0, 1, 2].map((more) => ({ n: appended + more, text: "x".repeat(40) }))));
    if (error !== undefined) break;
  }
}
const later = thrownBy(() => journal.append({ n: "later" }));
journal.close();
const { code, message, hint } = error;
process.stdout.write(JSON.stringify({ appended, code, message, hint, isSame: later === error, failures }));

function thrownBy(action) {
  try {
    action();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

function* numbered(count) {
  for (let n = 0; n < count; n++) yield { n, text: "x".repeat(40) };
}
