/** A job that a schedule has created is called `{schedule}:job-{number}`; no client can give a job such a name. */
export function partsOfJobId(jobId: string): { readonly scheduleId?: string; readonly jobName: string } {
  const [first = "", second] = jobId.split(":");
  return second === undefined ? { jobName: first } : { scheduleId: first, jobName: second };
}
