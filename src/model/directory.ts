/**
 * Whether the metadata is that of a directory, which a storage account with a hierarchical namespace lists among the
 * blobs: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-known-issues
 */
export function isDirectory(metadata: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(metadata).some(([name, value]) => name.toLowerCase() === "hdi_isfolder" && value === "true");
}
