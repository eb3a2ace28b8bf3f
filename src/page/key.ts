const NAME = "mp3drop key";

/** The function key, for as long as the tab is open. */
export interface KeyStore {
  read(): string | undefined;
  write(key: string): void;
}

/** Takes the key from the address, where a link may have brought it, and out of there: addresses are kept and shown. */
export function openKeyStore(): KeyStore {
  const address = new URL(location.href);
  const given = address.searchParams.get("code");
  if (given !== null) {
    sessionStorage.setItem(NAME, given);
    address.searchParams.delete("code");
    history.replaceState(null, "", address);
  }
  return {
    read: () => sessionStorage.getItem(NAME) ?? undefined,
    write: (key) => sessionStorage.setItem(NAME, key),
  };
}
