import type { RequestPolicyFactory, StorageRetryOptions } from "@azure/storage-blob";
import { BlobServiceClient, newPipeline } from "@azure/storage-blob";

/** How long the storage may take to answer, besides the time for what is sent and received. */
const SILENCE_MS = 60_000;
/** A slower connection counts as silent. Watching the bytes instead would cost the library its care for broken answers. */
const SLOWEST_BYTES_PER_MS = 16;

/**
 * The same account, but a request that the storage accepts and does not answer fails in the end; the library on its own
 * would wait for ever.
 */
export function endingSilence(
  account: BlobServiceClient,
  retryOptions: StorageRetryOptions,
  silenceMs = SILENCE_MS,
): BlobServiceClient {
  const pipeline = newPipeline(account.credential, { retryOptions });
  pipeline.factories.push(silencePolicy(silenceMs));
  return new BlobServiceClient(account.url, pipeline);
}

function silencePolicy(silenceMs: number): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest: async (request) => {
        const silence = new AbortController();
        const endAfter = (headers: { get(name: string): string | undefined }): NodeJS.Timeout => {
          const end = (): void => silence.abort(new Error("the storage gave no complete answer in time"));
          const transferMs = Number(headers.get("content-length") ?? 0) / SLOWEST_BYTES_PER_MS;
          // It may outlast the answer, whose end nobody tells, and must not keep the process.
          return setTimeout(end, silenceMs + transferMs).unref();
        };
        const { abortSignal } = request;
        request.abortSignal = AbortSignal.any([silence.signal, ...(abortSignal ? [abortSignal as AbortSignal] : [])]);
        const timer = endAfter(request.headers);
        try {
          const response = await next.sendRequest(request);
          if (response.readableStreamBody !== undefined) endAfter(response.headers);
          return response;
        } catch (error) {
          throw silence.signal.aborted ? silence.signal.reason : error;
        } finally {
          clearTimeout(timer);
        }
      },
    }),
  };
}
