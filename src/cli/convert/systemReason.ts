const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "your quota of disk space is used up",
  EEXIST: "there is something else of that name",
  EIO: "the disk reports an error",
  EISDIR: "there is a folder of that name",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is no folder",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

/** Why the operating system refused something, as part of a sentence. */
export function systemReason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const words = WORDS[code];
  return words === undefined ? (message.split("\n", 1)[0] ?? "") : `${words} (${code})`;
}
