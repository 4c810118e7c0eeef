import type { World } from '../../src/world.ts';

/** Which of a run's AWS calls is its last, and whether the far side still hears it. */
export interface Death {
  /** Counted from 1, or the first of that name. */
  readonly atCall: number | string;
  readonly heard: boolean;
}

export interface Fate {
  /** The same World, whose owner dies at the call. */
  worldOf(world: World): World;
  /** Settles when it has died. */
  readonly died: Promise<undefined>;
}

type Call = (...given: unknown[]) => Promise<unknown>;
type Calls = Readonly<Record<string, Readonly<Record<string, Call>>>>;

/**
 * A process that was killed asks nothing more and learns nothing more: from its death on, no call is sent and none returns.
 * @param asked collects the calls, `sagemaker.createModel`
 */
export const mortal = ({ atCall, heard }: Death, asked: string[] = []): Fate => {
  const death = Promise.withResolvers<undefined>();
  let isDead = false;
  const die = (): Promise<never> => {
    isDead = true;
    death.resolve(undefined);
    return new Promise<never>(() => {});
  };
  const last =
    (name: string, call: Call): Call =>
    async (...given) => {
      const number = asked.push(name);
      const isLast = number === atCall || name === atCall;
      if (isDead || (isLast && !heard)) return die();
      try {
        return await call(...given);
      } finally {
        if (isDead || isLast) await die();
      }
    };
  const every = <Services>(services: Services): Services =>
    Object.fromEntries(
      Object.entries(services as Calls).map(([service, operations]) => [
        service,
        Object.fromEntries(Object.entries(operations).map(([name, call]) => [name, last(`${service}.${name}`, call)])),
      ]),
    ) as Services;

  return {
    worldOf: (world) => ({ ...world, read: every(world.read), ...(world.write ? { write: every(world.write) } : {}) }),
    died: death.promise,
  };
};
