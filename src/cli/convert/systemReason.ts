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
  ENOTDIR: "a part of its path is not a folder",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

/** Why the operating system or the storage refused something, as part of a sentence. */
export function systemReason(error: unknown): string {
  const { code = "", message, statusCode } = error as NodeJS.ErrnoException & { readonly statusCode?: number };
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  const [reason = ""] = message.split("\n", 1);
  // An answer without a body, as that of a storage whose disk is full.
  return reason === "" && statusCode !== undefined ? `the storage answered with status ${statusCode}` : reason;
}
