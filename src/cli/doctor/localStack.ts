import { BlobServiceClient } from "@azure/storage-blob";
import { connectBatch } from "../../azure/batch/client.ts";
import type { Config } from "../../config.ts";
import { environmentOf, hostEnvironment } from "../../local/stack/appSettings.ts";
import type { DataFolder } from "../../local/stack/dataFolder.ts";
import type { StackConnection, StackPorts } from "../../local/stack/stackState.ts";
import { findAnnouncedStack } from "../../local/stack/stackState.ts";
import type { Environment } from "../../model/settings.ts";
import { endingSilence } from "../convert/silentStorage.ts";
import { checkBatch } from "./batch.ts";
import type { Check } from "./examine.ts";
import { unknown } from "./finding.ts";
import { checkAnswer } from "./functionApp.ts";
import { checkDataFolder, checkNode, checkPorts, checkTools } from "./machine.ts";
import type { Secrets } from "./secrets.ts";
import { checkSettings, readWhatIsValid } from "./settings.ts";
import { checkStorage } from "./storage.ts";

interface LocalView {
  readonly folder: DataFolder;
  readonly env: Environment;
  readonly secrets: Secrets;
  readonly now?: () => number;
  /** Where a stack would listen. */
  readonly ports?: StackPorts;
}

/** A person waits, and everything is on this machine. */
const RETRY_OPTIONS = { maxTries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 };
const SILENCE_MS = 20_000;

/** For a look at the settings without services. */
const STAND_INS = {
  storage: { connectionString: "UseDevelopmentStorage=true" },
  batch: { endpoint: "http://127.0.0.1", accountName: "local", accountKey: "none" },
};

/** This machine, and the stack that runs on the data folder, if any. */
export function localChecks(view: LocalView): Check[] {
  const { folder, env } = view;
  return [
    { what: "Node.js", look: () => [checkNode()] },
    { what: "ffmpeg", look: () => checkTools(env) },
    {
      what: "data folder",
      look: () => checkDataFolder(folder),
      // A folder of somebody else is not looked into.
      next: (findings) => (findings.some(({ state }) => state === "wrong") ? [] : stackChecks(view)),
    },
  ];
}

function stackChecks(view: LocalView): Check[] {
  const { folder, env, ports } = view;
  const connection = findAnnouncedStack(folder);
  if (connection !== undefined) return checksOfRunning(connection, view);
  const none = unknown(
    "local stack",
    `none is ready on ${folder.path}, so storage, Batch and the app were not looked at`,
    "Start one with `mp3drop local`. For a deployment: `mp3drop doctor --azure`.",
  );
  return [
    { what: "settings", look: () => checkSettings(hostEnvironment({ ...env }, STAND_INS)) },
    { what: "ports", look: () => checkPorts(folder, ports) },
    { what: "local stack", look: () => [none] },
  ];
}

function checksOfRunning(connection: StackConnection, { env, secrets, now = Date.now }: LocalView): Check[] {
  const { connectionString } = connection.storage;
  const settings = environmentOf({ ...env }, connection);
  secrets.addFrom(settings);
  const inside = ({ containers, batch }: Config): Check[] => [
    checkStorage({
      connect: () => endingSilence(BlobServiceClient.fromConnectionString(connectionString), RETRY_OPTIONS, SILENCE_MS),
      containers,
      isDeployed: false,
      isPersons: false,
      now,
    }),
    checkBatch({ client: connectBatch(batch), settings: batch, isPersons: false, now }),
  ];
  const config = readWhatIsValid(settings);
  return [
    { what: "settings", look: () => checkSettings(settings) },
    ...(config === undefined ? [] : inside(config)),
    { what: "app", look: () => checkAnswer(connection.functions.url) },
  ];
}
