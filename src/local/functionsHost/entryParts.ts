import * as v from "valibot";

/** What entries of the state are made of. */
export const text = v.string();
export const whole = v.pipe(v.number(), v.integer());
export const count = v.pipe(whole, v.minValue(0));

/** One that `Date` understands. */
export const time = v.pipe(
  text,
  v.check((written) => !Number.isNaN(Date.parse(written)), "Not a time"),
);

/** One in an archive. */
export const place = v.object({ segment: count, offset: count, length: count });
