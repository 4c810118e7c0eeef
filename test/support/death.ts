import { type Call, eachCall } from '../../src/aws/each-call.ts';
import type { World } from '../../src/world.ts';

/** The last AWS call of a run, and whether AWS still receives it. */
export interface Death {
  /** The call's number from 1, or the first call of that name. */
  readonly atCall: number | string;
  readonly received: boolean;
}

export interface Fate {
  /** The same World for a process that dies at the call. */
  worldOf(world: World): World;
  /** Settles at the death. */
  readonly died: Promise<undefined>;
}

/**
 * A killed process makes no call and gets no answer: from its death on, no call is sent and none returns.
 * @param calls receives the names of the calls, `sagemaker.createModel`
 * @param answered is called when AWS has answered a call
 */
export const mortal = (
  { atCall, received }: Death,
  calls: string[] = [],
  answered: (name: string, input: unknown) => void = () => {},
): Fate => {
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
      const number = calls.push(name);
      const isLast = number === atCall || name === atCall;
      if (isDead || (isLast && !received)) return die();
      try {
        const answer = await call(...given);
        answered(name, given[0]);
        return answer;
      } finally {
        if (isDead || isLast) await die();
      }
    };
  const every = <Services extends object>(services: Services): Services =>
    new Proxy(services, {
      get: (target, service) => {
        const calls: unknown = Reflect.get(target, service);
        return typeof calls === 'object' && calls !== null
          ? eachCall(calls, (name, call) => last(`${String(service)}.${name}`, call))
          : calls;
      },
    });

  return {
    worldOf: (world) => ({ ...world, read: every(world.read), ...(world.write ? { write: every(world.write) } : {}) }),
    died: death.promise,
  };
};
