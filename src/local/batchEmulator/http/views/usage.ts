/** `$expand=stats`: only the passing of time is measured here. */
export function noUsage(url: string, startTime: string, endTime: string | undefined): object {
  return {
    url,
    startTime,
    lastUpdateTime: endTime ?? startTime,
    userCPUTime: "PT0S",
    kernelCPUTime: "PT0S",
    wallClockTime: "PT0S",
    readIOps: "0",
    writeIOps: "0",
    readIOGiB: 0,
    writeIOGiB: 0,
    waitTime: "PT0S",
  };
}
