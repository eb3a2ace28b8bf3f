/** Parameters as the client decodes them before it signs: `+` is a space, and of two equal names the first wins. */
export function parseQuery(rawUrl: string): Map<string, string> {
  const query = new Map<string, string>();
  const start = rawUrl.indexOf("?");
  if (start < 0) return query;
  for (const part of rawUrl.slice(start + 1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (!query.has(name)) query.set(name, equals < 0 ? "" : decode(part.slice(equals + 1)));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
