import type { Outside, OutsideEnd, OutsideKind, OutsideStart } from '../contracts.ts';

/** What CodePipeline starts outside of itself, and the driver carries out. */
export interface StartedOutside extends Outside {
  /** @returns undefined when the driver has defined none of that name; a run that rejects has failed */
  start(kind: OutsideKind, name: string, start: OutsideStart): Promise<OutsideEnd> | undefined;
}

export const createOutside = (): StartedOutside => {
  const runs = new Map<string, (start: OutsideStart) => Promise<OutsideEnd>>();
  return {
    define: (kind, name, run) => void runs.set(`${kind}/${name}`, run),
    start: (kind, name, start) =>
      runs
        .get(`${kind}/${name}`)?.(start)
        .catch((error: unknown) => ({
          succeeded: false,
          message: error instanceof Error ? error.message : String(error),
        })),
  };
};
