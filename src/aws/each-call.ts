/** One call of a service, by its name. */
export type Call = (...given: readonly unknown[]) => Promise<unknown>;

/**
 * The same calls, each wrapped where it is used: the names of a service's calls are not known before its client is loaded, which is
 * at the first call.
 */
export const eachCall = <Calls extends object>(calls: Calls, wrap: (name: string, call: Call) => Call): Calls =>
  new Proxy(calls, {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name);
      return typeof name === 'string' && typeof call === 'function' ? wrap(name, call as Call) : call;
    },
  });
