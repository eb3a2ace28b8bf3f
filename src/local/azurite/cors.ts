/**
 * Lets the pages of these origins upload and read with a SAS, and those of no other one: the rules that the template for
 * Azure sets, too. https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
 */
export async function allowPagesOf(origins: readonly string[], connectionString: string): Promise<void> {
  const { BlobServiceClient } = await import("@azure/storage-blob");
  await BlobServiceClient.fromConnectionString(connectionString).setProperties({
    cors: [
      {
        allowedOrigins: origins.join(","),
        allowedMethods: "GET,HEAD,PUT",
        allowedHeaders: "content-type,if-none-match,range,x-ms-*",
        exposedHeaders: "content-length,content-range,etag,x-ms-*",
        maxAgeInSeconds: 3600,
      },
    ],
  });
}
