/** Which options a conversion used, by name. Null: the option had no effect. */
export type UsedOptions = Readonly<Record<string, string | number | boolean | null>>;
