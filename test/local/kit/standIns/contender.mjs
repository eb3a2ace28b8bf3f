// Tries to take the lock it is told of at the moment it is told, says whether it holds it, and lets go when asked to.
import { holderOf, lockFolder } from "../../../../dist/local/kit/folderLock.js";

let release;

process.on("message", ({ path, at }) => {
  if (path === undefined) {
    release?.();
    release = undefined;
    process.send({ isFree: true });
    return;
  }
  while (Date.now() < at);
  try {
    release = lockFolder(path, "contender");
    process.send({ isHolder: true, sees: holderOf(path)?.pid });
  } catch (error) {
    process.send({ isHolder: false, code: error.code });
  }
});
process.on("disconnect", () => process.exit());
