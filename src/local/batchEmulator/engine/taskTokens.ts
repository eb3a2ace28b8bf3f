import { randomBytes } from "node:crypto";
import type { Job } from "../model/entities.ts";

/**
 * The tokens of running tasks that asked for one: with it a task may do anything with its own job and nothing else. A token
 * is valid for as long as the task runs and is kept nowhere else. https://learn.microsoft.com/rest/api/batchservice/tasks/create-task#authenticationtokensettings
 */
export class TaskTokens {
  readonly #jobs = new Map<string, Job>();

  issue(job: Job): string {
    const token = randomBytes(32).toString("base64url");
    this.#jobs.set(token, job);
    return token;
  }

  revoke(token: string): void {
    this.#jobs.delete(token);
  }

  jobOf(token: string): Job | undefined {
    return this.#jobs.get(token);
  }
}
