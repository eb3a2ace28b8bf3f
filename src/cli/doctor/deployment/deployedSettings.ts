import type { Environment } from "../../../model/settings.ts";
import type { Finding } from "../finding.ts";
import { isWell, warning, wrong } from "../finding.ts";
import { checkSettings } from "../settings.ts";

/** Settings that the template sets from what azd knows: changed by hand, they and the pool do not fit any more. */
const SAME_AS_AZD = ["BATCH_ACCOUNT_ENDPOINT", "BATCH_POOL_ID", "BATCH_VM_SIZE", "BATCH_TASK_SLOTS_PER_NODE"];

/** The app's settings, as the app, its host and the deployment need them. */
export function checkDeployedSettings(settings: Environment, env: Environment): Finding[] {
  const findings = [...hostProblems(settings), ...differences(settings, env)];
  const ofApp = checkSettings(settings);
  // "All are valid" would be no good news beside them.
  return findings.length > 0 && isWell(ofApp)
    ? [...findings, ...ofApp.filter(({ state }) => state !== "ok")]
    : [...ofApp, ...findings];
}

function hostProblems(settings: Environment): Finding[] {
  const isSet = (name: string): boolean => Boolean(settings[name]?.trim());
  const findings: Finding[] = [];
  if (settings["BLOB_TRIGGER_SOURCE"]?.trim() !== "EventGrid") {
    const hint =
      "Set it to EventGrid: on this plan nothing else tells the app of uploads, and only the sweep finds them.";
    findings.push(wrong("settings", "BLOB_TRIGGER_SOURCE is not EventGrid", hint));
  }
  if (!isSet("STORAGE") && !isSet("STORAGE__queueServiceUri")) {
    const hint = "Set it to the address of the account's queue service: the blob trigger keeps its work there.";
    findings.push(wrong("settings", "STORAGE__queueServiceUri is not set", hint));
  }
  const hasHostStorage = ["", "__blobServiceUri", "__accountName"].some((end) => isSet(`AzureWebJobsStorage${end}`));
  if (!hasHostStorage) {
    const hint = "Run `azd provision`, which sets it: the Functions host keeps its own state there.";
    findings.push(wrong("settings", "AzureWebJobsStorage is not set, nor AzureWebJobsStorage__blobServiceUri", hint));
  }
  return findings;
}

function differences(settings: Environment, env: Environment): Finding[] {
  return SAME_AS_AZD.flatMap((name) => {
    const [actual, wanted] = [settings[name]?.trim(), env[name]?.trim()];
    if (!actual || !wanted || actual === wanted) return [];
    const detail = `${name} of the app is ${actual}, but azd has ${wanted}`;
    return [warning("settings", detail, "Run `azd provision`, which makes them the same, with a pool that fits.")];
  });
}
