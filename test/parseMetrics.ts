/** The samples by their names with labels, and the types by the names of the metrics. */
export function parseMetrics(text: string): { samples: Record<string, number>; types: Record<string, string> } {
  const lines = text.split("\n").filter((line) => line !== "");
  const samples = lines.flatMap((line) => (line.startsWith("#") ? [] : [line.split(/ (?=\S+$)/)]));
  const types = lines.flatMap((line) => (line.startsWith("# TYPE ") ? [line.slice("# TYPE ".length).split(" ")] : []));
  return {
    samples: Object.fromEntries(samples.map(([name, value]) => [name, Number(value)])) as Record<string, number>,
    types: Object.fromEntries(types) as Record<string, string>,
  };
}
