import { services } from "../azure/azureServices.ts";
import { apiRoute } from "./http/api.ts";
import { openApiFor } from "./http/openApi.ts";

apiRoute("getOpenApi", {
  route: "openapi.json",
  method: "GET",
  isPublic: true,
  handler: () => ({ jsonBody: openApiFor(services().config.workloads) }),
});
