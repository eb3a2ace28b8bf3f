import { test } from "vitest";
import { withoutSecrets } from "../../src/model/redact.ts";

test.for([
  [
    "PropertyValue=https://a.blob.core.windows.net/work?sv=1&sig=s%3D: no",
    "PropertyValue=https://a.blob.core.windows.net/work no",
  ],
  ["'http://127.0.0.1:1/c/b%20c?sig=x' and http://x/y?z", "'http://127.0.0.1:1/c/b%20c' and http://x/y"],
  ["sv=2026&sig=abc%2F", "sv=2026&sig=…"],
  ["AccountName=a;AccountKey=hush==;x", "AccountName=a;AccountKey=…;x"],
  ["what? nothing secret", "what? nothing secret"],
])("«%s» becomes «%s»", ([text = "", told], { expect }) => {
  expect(withoutSecrets(text)).toBe(told);
});
