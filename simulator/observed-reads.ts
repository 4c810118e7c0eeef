import { appendFileSync } from 'node:fs';
import type { Handler } from './contracts.ts';
import { type Shape, shapeOf, type Tables } from './validation.ts';

/**
 * Watches which members of their inputs the operations read: the evidence for `members.ts`. A member counts when it was given and
 * the operation, or a later one that kept the input, looked at it by its name; or when it was copied as one of many and an answer
 * showed the same value under the same name; or when AWS's refusal of the call named it. A call that was refused as not simulated
 * proves nothing about what it looked at.
 */
interface ReadObserver {
  /** @returns the input to give to the operation, and what to call when it has ended */
  watch(
    operation: WatchedOperation,
    input: Record<string, unknown>,
  ): { readonly input: Record<string, unknown>; readonly ended: (error: unknown) => void };
  answered(output: unknown): void;
}
interface WatchedOperation {
  readonly service: string;
  readonly operation: string;
  /** None: the input is flat, and its members are known by their names. */
  readonly tables: Tables | undefined;
}

const readsFile = process.env['SIMULATOR_READS_FILE'];

/** The handler itself, unless the environment's SIMULATOR_READS_FILE names a file for the reads. */
export const watched = (operation: WatchedOperation, handler: Handler): Handler => {
  if (readsFile === undefined) return handler;
  observer ??= observeReads(readsFile);
  const { watch, answered } = observer;
  return (input, call) => {
    const watching = watch(operation, input);
    const succeed = <Output>(output: Output): Output => {
      answered(output);
      watching.ended(undefined);
      return output;
    };
    const fail = (error: unknown): never => {
      watching.ended(error);
      throw error;
    };
    try {
      const output = handler(watching.input, call);
      return output instanceof Promise ? output.then(succeed, fail) : succeed(output);
    } catch (error) {
      return fail(error);
    }
  };
};
let observer: ReadObserver | undefined;

/** @param file gets a line per member: `sagemaker CreateModel Containers.Image` */
const observeReads = (file: string): ReadObserver => {
  const noted = new Set<string>();
  const viewed = new WeakMap<
    object,
    { readonly target: object; readonly show: (key: string, value: unknown) => void }
  >();
  /** By the name of the member and its value: what was copied, and may come back in an answer. One note for each line of the file. */
  const copies = new Map<string, Map<string, Map<string, () => void>>>();

  const append = (line: string): void => {
    if (noted.has(line)) return;
    noted.add(line);
    const name = line.slice(line.lastIndexOf(' ') + 1).replace(/^.*\./, '');
    for (const [shown, found] of copies.get(name) ?? [])
      if (found.delete(line) && found.size === 0) copies.get(name)?.delete(shown);
    appendFileSync(file, `${line}\n`);
  };

  const showAll = (value: unknown): void => {
    const known = typeof value === 'object' && value !== null ? viewed.get(value) : undefined;
    if (known !== undefined) for (const [key, element] of Object.entries(known.target)) known.show(key, element);
  };

  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value) || value instanceof Date) return;
    showAll(value);
    const target = viewed.get(value)?.target ?? value;
    for (const [name, inner] of Object.entries(target)) {
      const byValue = copies.get(name);
      const shown = byValue && JSON.stringify(inner);
      const found = shown === undefined ? undefined : byValue?.get(shown);
      for (const note of found?.values() ?? []) note();
      look(inner);
    }
  };

  return {
    answered: look,
    watch({ service, operation, tables }, input) {
      let pending: string[] | undefined = [];
      const note = (path: string): void => {
        const line = `${service} ${operation} ${path}`;
        if (pending === undefined) append(line);
        else pending.push(line);
      };
      const keep = (key: string, value: unknown, path: string): void => {
        const line = `${service} ${operation} ${path}`;
        // What is known is not looked for again: a run has a hundred thousand calls.
        if (noted.has(line)) return;
        const shown = JSON.stringify(value);
        const byValue = copies.get(key) ?? new Map<string, Map<string, () => void>>();
        const found = byValue.get(shown) ?? new Map<string, () => void>();
        copies.set(
          key,
          byValue.set(
            shown,
            found.set(line, () => note(path)),
          ),
        );
      };
      const inner = (name: string | undefined): Shape | undefined =>
        tables === undefined || name === undefined ? undefined : shapeOf(tables, name);
      const views = new WeakMap<object, object>();

      const view = (value: unknown, shape: Shape | undefined, path: string): unknown => {
        if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
          return value;
        const known = views.get(value);
        if (known !== undefined) return known;
        const isMap = shape?.type === 'map';
        const isMember = !Array.isArray(value) && !isMap;
        const pathOf = (key: string): string =>
          !isMember ? path : path === '' || tables === undefined ? key : `${path}.${key}`;
        const shapeAt = (key: string): Shape | undefined =>
          Array.isArray(value) ? inner(shape?.member) : isMap ? inner(shape?.value) : inner(shape?.members?.[key]);
        let asked: (string | symbol)[] = [];
        const proxy = new Proxy(value, {
          get(target, key, receiver) {
            const found: unknown = Reflect.get(target, key, receiver);
            if (typeof key === 'symbol' || found === undefined || !Object.hasOwn(target, key)) return found;
            if (Array.isArray(target) && !/^\d+$/.test(key)) return found;
            const isCopied = asked.length === 1 && asked[0] === key;
            asked = [];
            if (isMember && !isCopied) note(pathOf(key));
            else if (isMember) keep(key, found, pathOf(key));
            return view(found, shapeAt(key), pathOf(key));
          },
          has(target, key) {
            const isThere = Reflect.has(target, key);
            if (isThere && isMember && typeof key === 'string') note(pathOf(key));
            return isThere;
          },
          getOwnPropertyDescriptor(target, key) {
            // A spread, a rest and Object.entries ask for a property just before they read it; Object.keys asks for one after the other,
            // and a read by name for none.
            asked.push(key);
            return Reflect.getOwnPropertyDescriptor(target, key);
          },
        });
        views.set(value, proxy);
        viewed.set(proxy, {
          target: value,
          show(key, element) {
            if (element === undefined) return;
            if (isMember) note(pathOf(key));
            showAll(view(element, shapeAt(key), pathOf(key)));
          },
        });
        return proxy;
      };

      const name = tables?.operations[operation]?.input;
      const root = view(input, inner(name), '') as Record<string, unknown>;
      return {
        input: root,
        ended(error) {
          const seen = pending ?? [];
          pending = undefined;
          const said = error instanceof Error ? error.message : '';
          if (/not simulated/.test(said)) return;
          for (const line of seen) append(line);
          for (const [member, value] of Object.entries(input))
            if (new RegExp(`\\b${member}\\b`).test(said)) viewed.get(root)?.show(member, value);
        },
      };
    },
  };
};
