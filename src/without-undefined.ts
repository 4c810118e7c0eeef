/** `T` without the members that are undefined: what may be undefined in it becomes optional, as `exactOptionalPropertyTypes` means it. */
export type WithoutUndefined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the members that are undefined; null, false, 0 and '' stay. Spread it beside the members that are always there. */
export const withoutUndefined = <const T extends object>(members: T): WithoutUndefined<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;
