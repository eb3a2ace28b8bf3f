const warn = console.warn.bind(console);

/** Outside a Functions host the library warns at every registration; here that is expected and only noise. */
console.warn = (...args: unknown[]) => {
  if (typeof args[0] === "string" && args[0].includes('"@azure/functions" package')) return;
  warn(...args);
};
