/** Drops the query of every URL, because that is where a SAS is. Anything that a service says may hold one. */
export function withoutSecrets(text: string): string {
  return text.replace(/(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/g, "$1").replace(/\b(sig|AccountKey)=[^\s&;"']+/g, "$1=…");
}
