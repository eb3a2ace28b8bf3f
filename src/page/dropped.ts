/** A file with the name that its blob gets: that of the file, after the folders it was found in. */
export interface NamedFile {
  readonly name: string;
  readonly file: File;
  /** Found in a folder that was given as a whole. */
  readonly isFromFolder: boolean;
}

/** All files of a drop. The entries have to be taken before anything else happens: afterwards the browser forgets them. */
export async function droppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const files: NamedFile[] = [];
  for (const one of found) {
    if (one instanceof File) files.push(named(one.name, one, false));
    else if (one !== null) files.push(...(await filesOf(one, false)));
  }
  return files;
}

/** The files of an `<input type="file">`, which is emptied so that the same ones can be chosen again. */
export function chosenFiles(input: HTMLInputElement): NamedFile[] {
  const files = [...(input.files ?? [])];
  input.value = "";
  return files.map((file) => named(file.webkitRelativePath || file.name, file, file.webkitRelativePath !== ""));
}

async function filesOf(entry: FileSystemEntry, isFromFolder: boolean): Promise<NamedFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [named(entry.fullPath, file, isFromFolder)];
  }
  const files: NamedFile[] = [];
  for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) files.push(...(await filesOf(child, true)));
  return files;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** A reader gives a part of them at a time, and nothing at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function named(path: string, file: File, isFromFolder: boolean): NamedFile {
  return { name: path.replace(/^\/+/, ""), file, isFromFolder };
}
