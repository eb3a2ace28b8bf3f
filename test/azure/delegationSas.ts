import { createHmac } from "node:crypto";

export interface ExpectedSas {
  readonly url: string;
  readonly account: string;
  /** Base64, as the service gives it. */
  readonly key: string;
}

/**
 * The signature that the service computes itself from the fields of a user delegation SAS and compares with `sig`:
 * https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
 */
export function signatureOf({ url, account, key }: ExpectedSas): string {
  const { pathname, searchParams } = new URL(url);
  const field = (name: string): string => searchParams.get(name) ?? "";
  const resource = decodeURIComponent(pathname).split("/").slice(2).join("/");
  const stringToSign = [
    field("sp"),
    field("st"),
    field("se"),
    `/blob/${account}/${resource}`,
    ...["skoid", "sktid", "skt", "ske", "sks", "skv"].map(field),
    ...["saoid", "suoid", "scid", "skdutid", "sduoid", "sip"].map(field),
    field("spr"),
    field("sv"),
    field("sr"),
    field("snapshot"),
    ...["ses", "srh", "srq", "rscc", "rscd", "rsce", "rscl", "rsct"].map(field),
  ].join("\n");
  return createHmac("sha256", Buffer.from(key, "base64")).update(stringToSign, "utf8").digest("base64");
}

/** All fields but the signature and the times. */
export function fieldsOf(url: string): Record<string, string> {
  const {
    sig: _sig,
    st: _st,
    se: _se,
    skt: _skt,
    ske: _ske,
    ...others
  } = Object.fromEntries(new URL(url).searchParams);
  return others;
}
