import { resolve } from "node:path";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import { DEFAULT_DATA, dataFolderAt } from "../../local/stack/dataFolder.ts";
import { connectArm } from "../azure/arm.ts";
import { findAzdEnvironment } from "../azure/azdEnvironment.ts";
import { azdCredential, azdToken } from "../azure/azdToken.ts";
import type { CommandContext } from "../commandContext.ts";
import { deploymentChecks } from "../doctor/deployment/checks.ts";
import { connectionsOf } from "../doctor/deployment/connections.ts";
import type { Check } from "../doctor/examine.ts";
import { examine } from "../doctor/examine.ts";
import { localChecks } from "../doctor/localStack.ts";
import { countsOf, lineOf } from "../doctor/report.ts";
import { Secrets } from "../doctor/secrets.ts";

const OPTIONS = {
  data: { type: "string", value: "DIR", path: "folder", help: "data folder of the local stack (default .mp3drop)" },
  azure: {
    type: "boolean",
    default: false,
    help: "look at a deployment instead; run this below the folder in which you ran azd",
  },
  environment: {
    type: "string",
    value: "NAME",
    help: "which environment of azd (default: AZURE_ENV_NAME, else the default one of azd); implies --azure",
  },
  json: {
    type: "boolean",
    default: false,
    help: 'one JSON document on stdout: {"findings": [{"what", "state", "detail", "hint"}, ...]}',
  },
} as const satisfies OptionTable;

export const DOCTOR = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop doctor",
  about: "Looks at all that has to be right, and says of each thing how it is and what to do. Changes nothing.",
  examples: [
    ["mp3drop doctor", "this machine, and the stack that runs on .mp3drop"],
    ["mp3drop doctor --azure", "what `azd up` has made, in the default environment of azd"],
    ["mp3drop doctor --environment prod", "the same, in another environment of azd"],
    [`mp3drop doctor --json | jq '.findings[] | select(.state == "wrong")'`, ""],
  ],
  notes: [
    "Each line begins with ✓ (ok), ! (warning), ✗ (wrong) or ? (it could not be looked at), and ends with what to do. The exit code is 1 if anything is wrong, otherwise 0. A deployment is looked at as whoever is signed in to azd or the Azure CLI: that takes the role Contributor on the resource group, and for the data the roles that the deployment gives to who deploys it. No key and no signed URL is shown.",
  ],
  options: OPTIONS,
  run: doctor,
});

async function doctor({ values }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const secrets = new Secrets();
  const isAzure = values.azure || values.environment !== undefined;
  if (isAzure && values.data !== undefined) {
    throw wrongUsage(
      "--data is of the local stack, --azure and --environment of a deployment",
      "Leave one of them out.",
    );
  }
  const checks = isAzure
    ? checksOfDeployment(values.environment, context, secrets)
    : checksHere(values.data ?? DEFAULT_DATA, context, secrets);
  const findings = await Promise.race([examine(checks, { secrets }), interruptionBy(signal)]);
  if (values.json) output.result(printableJson({ findings }, 2));
  else for (const finding of findings) output.result(lineOf(finding));
  output.note(`\n${countsOf(findings)}`);
  return findings.some(({ state }) => state === "wrong") ? EXIT.someFailed : EXIT.ok;
}

function checksHere(data: string, { output, env, folder }: CommandContext, secrets: Secrets): Check[] {
  const dataFolder = dataFolderAt(resolve(folder, data));
  output.note(`Looking at this machine and the local stack on ${printable(dataFolder.path)} …`);
  return localChecks({ folder: dataFolder, env, secrets });
}

function checksOfDeployment(
  environment: string | undefined,
  { output, env, folder }: CommandContext,
  secrets: Secrets,
): Check[] {
  const { name, values } = findAzdEnvironment(folder, env, environment);
  output.note(`Looking at the deployment of ${name === undefined ? "these variables" : printable(name)} …`);
  const credential = azdCredential();
  return deploymentChecks({
    arm: connectArm({ getToken: azdToken(credential) }),
    env: values,
    secrets,
    ...connectionsOf(credential),
    now: Date.now,
  });
}

/** Never resolves. What is still on its way may be left alone: nothing is changed by it. */
function interruptionBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
