import { createRequire } from "node:module";

/** Which blob a trigger fired for, without its bytes: a blob may be larger than our memory. */
export interface BlobReference {
  readonly container: string;
  readonly name: string;
}

interface ModelBindingData {
  readonly content: Uint8Array;
}

interface ResourceFactoryResolver {
  hasResourceFactory(source: string): boolean;
  registerResourceFactory(source: string, factory: (data: ModelBindingData) => BlobReference): void;
}

const BLOB_BINDING_SOURCE = "AzureStorageBlobs";

/**
 * Makes the Functions library pass a reference to blob triggers with `sdkBinding: true`. Its own extension package
 * would load a whole storage client instead. Calling this again changes nothing.
 *
 * The resolver is a singleton of its module, so it must come from the same copy that the library loads.
 */
export function provideBlobReferences(): void {
  const require = createRequire(import.meta.url);
  const requireFromLibrary = createRequire(require.resolve("@azure/functions"));
  const { ResourceFactoryResolver } = requireFromLibrary("@azure/functions-extensions-base") as {
    ResourceFactoryResolver: { getInstance(): ResourceFactoryResolver };
  };
  const resolver = ResourceFactoryResolver.getInstance();
  if (!resolver.hasResourceFactory(BLOB_BINDING_SOURCE)) {
    resolver.registerResourceFactory(BLOB_BINDING_SOURCE, parseReference);
  }
}

function parseReference({ content }: ModelBindingData): BlobReference {
  const data = JSON.parse(Buffer.from(content).toString("utf8")) as { ContainerName: string; BlobName: string };
  return { container: data.ContainerName, name: data.BlobName };
}
