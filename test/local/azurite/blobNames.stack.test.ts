import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import { beforeAll, test } from "vitest";
import { useAzurite } from "../../azuriteServices.ts";

const azurite = useAzurite();
let container: ContainerClient;

beforeAll(async () => {
  container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient("names");
  await container.create();
});

async function listed(prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) names.push(name);
  return names;
}

/** Every way to make a blob. */
const CREATIONS: Readonly<Record<string, (blob: BlockBlobClient, source: string) => Promise<unknown>>> = {
  upload: (blob) => blob.upload("video", 5),
  "copy at once": (blob, source) => blob.syncCopyFromURL(source),
  "copy in the background": async (blob, source) => (await blob.beginCopyFromURL(source)).pollUntilDone(),
  block: (blob) => blob.stageBlock(Buffer.from("1").toString("base64"), "video", 5),
  "list of blocks": (blob) => blob.commitBlockList([]),
  "append blob": (blob) => container.getAppendBlobClient(blob.name).create(),
  "page blob": (blob) => container.getPageBlobClient(blob.name).create(512),
};

test.for(
  ["\0", "\u0001", "\t", "\n", "\r", "\u001F", "\uFFFE", "\uFFFF"].map((character) => [escape(character), character]),
)(
  "a name with %s is refused, however the blob is made, and listings go on working",
  async ([label, character = ""], { expect }) => {
    const source = container.getBlockBlobClient(`${label}/source.mp4`);
    await source.upload("video", 5);

    for (const [way, create] of Object.entries(CREATIONS)) {
      await expect(
        create(container.getBlockBlobClient(`${label}/a${character}b.mp4`), source.url),
        way,
      ).rejects.toMatchObject({
        statusCode: 400,
        code: "InvalidResourceName",
        message: expect.stringContaining("U+"),
      });
    }

    expect(await listed(`${label}/`)).toEqual([`${label}/source.mp4`]);
  },
);

test("a large upload of such a name gets the answer, too, and not a broken connection", async ({ expect }) => {
  const video = Buffer.alloc(32 * 1024 * 1024);

  await expect(container.getBlockBlobClient("large\0.mp4").upload(video, video.length)).rejects.toMatchObject({
    statusCode: 400,
  });
});

test("such a name can be asked for and deleted, in case that it is there", async ({ expect }) => {
  const blob = container.getBlockBlobClient("old\r.mp4");

  expect(await blob.exists()).toBe(false);
  expect((await blob.deleteIfExists()).errorCode).toBe("BlobNotFound");
});

test.for(["\u007F", "\u0085", "\u2028", "\uFFFD", "\uFDD0", "&<>\"'", "%00", "?", "é ü"])(
  "a name with %j is taken and listed as it is",
  async (characters, { expect }) => {
    const name = `taken ${escape(characters)}/a${characters}b.mp4`;

    await container.getBlockBlobClient(name).upload("video", 5);

    expect(await listed(`taken ${escape(characters)}/`)).toEqual([name]);
  },
);
