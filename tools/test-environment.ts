import { constants, createContext, runInContext } from 'node:vm';
import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

/**
 * Jest's Node environment, on a global object without interceptors. In Jest's own, each use of a name such as `Math` or `Object` in the
 * sources, the simulator or the SDK is a call out of V8 into Node and a proxy, at up to eighty times the cost: a third of the processor time of
 * the simulator's tests. Each test file still has a realm of its own.
 */
// biome-ignore lint/style/noDefaultExport: Jest loads an environment's default export.
export default class PlainGlobalEnvironment extends NodeEnvironment {
  constructor(...given: ConstructorParameters<typeof NodeEnvironment>) {
    super(...given);
    const [{ projectConfig }] = given;
    const prepared = this.global;
    this.context = createContext(constants.DONT_CONTEXTIFY);
    const global = runInContext('globalThis', this.context) as typeof prepared;
    const own = new Set(Reflect.ownKeys(global));
    for (const name of Reflect.ownKeys(prepared)) {
      if (own.has(name) && !ofNode.has(name)) continue;
      const descriptor = Reflect.getOwnPropertyDescriptor(prepared, name);
      if (descriptor === undefined) continue;
      // Read where it is used: some of Node's are modules that load, or warn, when they are read.
      Reflect.defineProperty(global, name, 'value' in descriptor ? descriptor : lazily(prepared, global, name));
    }
    for (const name of ['global', 'globalThis']) Reflect.set(global, name, global);
    global.Error.stackTraceLimit = prepared.Error.stackTraceLimit;
    this.global = global;
    const { moduleMocker, fakeTimersModern } = this;
    if (!moduleMocker || !fakeTimersModern) throw new Error("Jest's Node environment has no mocks and no timers");
    this.moduleMocker = Reflect.construct(moduleMocker.constructor, [global]) as typeof moduleMocker;
    this.fakeTimersModern = Reflect.construct(fakeTimersModern.constructor, [
      { config: projectConfig, global },
    ]) as typeof fakeTimersModern;
  }
}

/** Every realm has these; Jest shares Node's, so that bytes of a Node module are instances of them. */
const ofNode: ReadonlySet<PropertyKey> = new Set(['ArrayBuffer', 'Uint8Array']);

const lazily = (from: object, to: object, name: PropertyKey): PropertyDescriptor => {
  const keep = (value: unknown): void => {
    Reflect.defineProperty(to, name, { configurable: true, enumerable: true, writable: true, value });
  };
  return {
    configurable: true,
    enumerable: true,
    get: () => {
      const value: unknown = Reflect.get(from, name);
      keep(value);
      return value;
    },
    set: keep,
  };
};
