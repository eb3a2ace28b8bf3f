import type { Api } from "./api.ts";
import { ApiError } from "./api.ts";
import { uploadInBlocks } from "./blockUpload.ts";
import type { NamedFile } from "./dropped.ts";

const FILES_AT_ONCE = 3;

export type UploadState = "waiting" | "uploading" | "uploaded" | "failed" | "exists";

export interface Upload {
  readonly name: string;
  readonly file: File;
  readonly options: Readonly<Record<string, string>>;
  state: UploadState;
  loadedBytes: number;
  readonly overwrite: boolean;
  /** Why it failed; empty otherwise. */
  problem: string;
  /** Of the blob, once it is there, and when it came. */
  eTag: string | undefined;
  uploadedAtMs: number;
  readonly control: AbortController;
}

/** What the user has given to upload, some at a time in the order given, and what became of it. */
export class Uploads {
  readonly #api: Api;
  /** Called whenever something has changed. */
  readonly #onChange: () => void;
  readonly #onUploaded: () => void;
  readonly #all = new Set<Upload>();
  /** Those that have not begun. Kept apart, so that ten thousand of them cost no search. */
  readonly #queue = new Set<Upload>();
  #active = 0;

  constructor(api: Api, onChange: () => void, onUploaded: () => void) {
    this.#api = api;
    this.#onChange = onChange;
    this.#onUploaded = onUploaded;
  }

  get all(): ReadonlySet<Upload> {
    return this.#all;
  }

  get isBusy(): boolean {
    return this.#active > 0 || this.#queue.size > 0;
  }

  /** `optionsFor` says what was chosen for a file of that name. */
  add(files: readonly NamedFile[], optionsFor: (name: string) => Readonly<Record<string, string>>): void {
    for (const { name, file } of files) {
      this.#enqueue({ name, file, options: optionsFor(name), overwrite: false });
    }
    this.#fill();
  }

  /** One that failed, or whose name was taken. */
  again(upload: Upload, { overwrite = false } = {}): void {
    this.#all.delete(upload);
    this.#enqueue({ ...upload, overwrite });
    this.#fill();
  }

  /** Ends it if it runs, and forgets it. */
  remove(upload: Upload): void {
    this.#all.delete(upload);
    this.#queue.delete(upload);
    upload.control.abort(new DOMException("The user has cancelled the upload", "AbortError"));
    this.#onChange();
  }

  #enqueue(wanted: Pick<Upload, "name" | "file" | "options" | "overwrite">): void {
    const { name, file, options, overwrite } = wanted;
    const control = new AbortController();
    const begun = { state: "waiting", loadedBytes: 0, problem: "", eTag: undefined, uploadedAtMs: 0 } as const;
    const upload: Upload = { name, file, options, overwrite, control, ...begun };
    this.#all.add(upload);
    this.#queue.add(upload);
  }

  #fill(): void {
    for (const upload of this.#queue) {
      if (this.#active >= FILES_AT_ONCE) break;
      this.#queue.delete(upload);
      this.#active += 1;
      void this.#run(upload).finally(() => {
        this.#active -= 1;
        this.#fill();
      });
    }
    this.#onChange();
  }

  async #run(upload: Upload): Promise<void> {
    const { name, file, options, control } = upload;
    upload.state = "uploading";
    try {
      upload.eTag = await uploadInBlocks({
        file,
        ticket: () => this.#api.requestUpload({ name, sizeBytes: file.size, options, overwrite: upload.overwrite }),
        onProgress: (bytes) => {
          upload.loadedBytes = bytes;
          this.#onChange();
        },
        signal: control.signal,
      });
      upload.state = "uploaded";
      upload.uploadedAtMs = performance.now();
      this.#onUploaded();
    } catch (error) {
      if (control.signal.aborted) return;
      const isTaken = error instanceof ApiError && error.code === "UploadExists";
      upload.state = isTaken ? "exists" : "failed";
      // The API tells programs what to send instead; here is a button.
      const reason = error instanceof Error ? error.message : String(error);
      upload.problem = isTaken ? "There is already a file of that name." : reason;
      // Whatever else runs of it is of no use.
      control.abort(error);
    }
  }
}
