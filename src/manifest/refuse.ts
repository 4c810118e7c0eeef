/** Reports a problem of the key at `path`, below the key that is read. */
export type Refuse = (message: string, ...path: readonly (string | number)[]) => void;
