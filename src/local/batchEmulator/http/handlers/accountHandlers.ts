import { SUPPORTED_IMAGES } from "../../requestBodies/supportedImages.ts";
import type { Call, Reply } from "../call.ts";
import { FIELDS } from "../fields.ts";
import { listReply } from "../listing.ts";

export function listSupportedImages(call: Call): Reply {
  return listReply(call, {
    items: SUPPORTED_IMAGES.entries(),
    position: ([index]) => index + 1,
    view: ([, image]) => image,
    fields: FIELDS.supportedImage,
    kind: "supportedimages",
  });
}
