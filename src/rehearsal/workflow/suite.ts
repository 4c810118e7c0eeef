import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionsFolder } from '../stage.ts';
import { playable } from './plain.ts';

/** The workflows that other repositories call. */
const workflows = ['deliver', 'github-flow', 'gitflow', 'on-model-event', 'watchdog'];

/** Everything of the suite that `uses:` can name, without repository and ref: its path, and the text of a workflow. */
export const suiteFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...workflows.map((name) => [pathOf(name), textOf(name)] as const),
    ...actionNames().map((name) => [`actions/${name}`, ''] as const),
  ]);

const pathOf = (workflow: string): string => `.github/workflows/${workflow}.yml`;
const textOf = (workflow: string): string => readFileSync(join(actionsFolder(), '..', pathOf(workflow)), 'utf8');

const actionNames = (): readonly string[] => readdirSync(actionsFolder());

/**
 * The workflows and actions of this package, as a repository that act takes in place of the one at GitHub.
 * @param home `OWNER/REPO@REF`, by which the user's workflows name it
 */
export const copySuite = (folder: string, home: string): void => {
  const actions = actionsFolder();
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  for (const name of workflows) writeFileSync(join(folder, pathOf(name)), playable(textOf(name), home));
  for (const name of actionNames())
    for (const part of ['action.yml', 'dist'])
      cpSync(join(actions, name, part), join(folder, 'actions', name, part), { recursive: true });
};
