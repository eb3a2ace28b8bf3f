/** Creates the containers up front, so that people find them before the first upload. */
export async function createContainers(connectionString: string, names: readonly string[]): Promise<void> {
  const { BlobServiceClient } = await import("@azure/storage-blob");
  const storage = BlobServiceClient.fromConnectionString(connectionString);
  await Promise.all(names.map((name) => storage.getContainerClient(name).createIfNotExists()));
}
