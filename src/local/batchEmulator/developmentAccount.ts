/** A fixed account for development, the same on every machine. As with the storage emulators, its key is public. */
export const DEVELOPMENT_ACCOUNT_NAME = "devbatch";

export const DEVELOPMENT_ACCOUNT_KEY = Buffer.from(
  "This key of the mp3drop Batch emulator is public: it is no secret",
).toString("base64");
