import type { Command } from './command.ts';

/** Commands by name, before their modules are loaded. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** With the modules of all, for a list of them. */
export const loaded = async <Name extends string>(
  unloaded: Readonly<Record<Name, () => Promise<Command>>>,
): Promise<Readonly<Record<Name, Command>>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries<() => Promise<Command>>(unloaded).map(async ([name, load]) => [name, await load()] as const),
    ),
  ) as Readonly<Record<Name, Command>>;
