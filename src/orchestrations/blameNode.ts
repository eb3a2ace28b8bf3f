import { noteNodeFailure } from "../activities/index.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { mayBeTheNodes } from "../nodes/blame.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { FailedAttempt } from "./stage.ts";

/** Notes the failure with the node on which it happened, if the node may be to blame. That is all: nothing depends on it. */
export function* blameNode({ context, conversion }: Run, failed: FailedAttempt): Step<void> {
  const { failure, submission, completed } = failed;
  const nodeId = completed?.nodeId ?? null;
  if (nodeId === null || submission === null || !mayBeTheNodes(failure.code)) return;
  const warn = (message: string): void => {
    if (!context.df.isReplaying) context.warn(message);
  };
  try {
    const input = { task: submission.task, nodeId, source: conversion.source, code: failure.code };
    const { warning } = yield* noteNodeFailure(input, briefRetry);
    if (warning !== null) warn(warning);
  } catch (error) {
    warn(`Could not note the failure on node ${nodeId}: ${readActivityError(error).reason}`);
  }
}
