// A main program that ends in the way it is told.
import { runMain } from "../../../../dist/local/kit/commandLine/runMain.js";
import { UserError } from "../../../../dist/local/kit/userError.js";

const WAYS = {
  async well({ output }) {
    output.result(process.env.NO_PROXY);
    // Nobody ever clears it.
    setInterval(() => {}, 1_000);
    return 0;
  },
  async partly() {
    return 1;
  },
  async talkative({ output }) {
    for (let n = 0; n < 10_000; n++) output.result("x".repeat(1_000));
    return 0;
  },
  async mistake() {
    throw new UserError("NoSuchVideo", "There is no \u001b[31mvideo", { hint: "Look again." });
  },
  async configuration() {
    throw Object.assign(new Error("Invalid settings:\n  - PORT"), {
      name: "ConfigurationError",
      code: "InvalidConfiguration",
    });
  },
  async bug() {
    throw new TypeError("x is not a function");
  },
  async stray() {
    void Promise.reject(new TypeError("nobody waited for this"));
    await new Promise(() => setInterval(() => {}, 1_000));
  },
  async untilStopped({ output, signal }) {
    output.result("started");
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setInterval(() => {}, 1_000);
    });
  },
  async untilStoppedBadly({ output, signal }) {
    output.result("started");
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
      setInterval(() => {}, 1_000);
    });
    throw new UserError("StopFailed", "It did not stop");
  },
};

await runMain(([way], context) => WAYS[way](context));
