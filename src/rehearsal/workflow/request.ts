import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { suggest } from '../../manifest/suggest.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { needAct } from './act.ts';
import type { Event } from './event.ts';
import type { FaultName } from './fault.ts';
import { type RehearsedManifest, rehearsedManifest } from './manifest.ts';
import { type Named, namedIn, type References, referencesOf } from './references.ts';
import { openRepository, type Repository } from './repository.ts';
import type { Behaviours } from './stand-ins.ts';
import { suiteFiles } from './suite.ts';
import { notStarted, triggersOf } from './trigger.ts';

/** The user's options. */
export interface Wanted extends Behaviours {
  readonly workflow: string;
  /** Default: `delivery.yml` at the top of the repository. */
  readonly manifest?: string;
  readonly events: readonly Event[];
  readonly approve: boolean;
  readonly faults: readonly FaultName[];
  /** Folders with other people's actions, by `owner/name`. */
  readonly maps: ReadonlyMap<string, string>;
  readonly requestsPerSecond: number;
  readonly expectRed: boolean;
}

/** A rehearsal that can begin. */
export interface WorkflowRehearsal {
  readonly wanted: Wanted;
  readonly repository: Repository;
  /** Its name in `.github/workflows`. */
  readonly workflow: string;
  readonly manifestPath: string;
  readonly manifest: RehearsedManifest;
  readonly references: References;
  readonly named: Named;
}

/** @throws {InputError} before anything is written */
export const workflowRehearsal = (wanted: Wanted): WorkflowRehearsal => {
  const { workflow } = wanted;
  if (!existsSync(workflow)) throw new InputError(`workflow: there is no file ${quoted(workflow)}`);
  const repository = openRepository(dirname(resolve(workflow)));
  const path = repository.inside('workflow', workflow);
  const text = repository.files.get(path);
  if (text === undefined || dirname(path) !== '.github/workflows')
    throw new InputError(
      `workflow: ${quoted(workflow)} is not a file that git knows in .github/workflows of ${repository.root}`,
    );
  refuseOtherEvents(wanted.events, text, path, repository);
  const references = referencesOf(repository.files, path, suiteFiles());
  if (references.homes.length === 0)
    throw new InputError(
      `workflow: ${path} uses no action and no workflow of this suite, neither itself nor through files of the repository, such as OWNER/model-delivery/actions/deploy-endpoint@v1`,
    );
  refuseUnusedMaps(wanted.maps, references, path);
  const usual = join(repository.root, 'delivery.yml');
  if (wanted.manifest === undefined && !existsSync(usual))
    throw new InputError(`manifest: there is no delivery.yml in ${repository.root}; name the file with --manifest`);
  const manifestPath = repository.inside('manifest', wanted.manifest ?? usual);
  const manifest = rehearsedManifest(
    readFileSync(join(repository.root, manifestPath), 'utf8'),
    manifestPath,
    wanted.own,
  );
  needAct();
  return {
    wanted,
    repository,
    workflow: basename(path),
    manifestPath,
    manifest,
    references,
    named: namedIn(repository.files),
  };
};

const refuseOtherEvents = (
  events: readonly Event[],
  text: string,
  path: string,
  { branch, main }: Repository,
): void => {
  const triggers = triggersOf(text);
  if (triggers === undefined) throw new InputError(`workflow: ${path} has no \`on\` and \`jobs\` that can be read`);
  let pushed = branch;
  for (const event of events) {
    if (event.is === 'push') pushed = event.branch ?? pushed;
    if (pushed === undefined)
      throw new InputError(`event: HEAD is on no branch; name one that is pushed first, as in --event push:${main}`);
    const why = notStarted(triggers, event, event.is === 'pull_request' ? main : pushed);
    if (why !== undefined)
      throw new InputError(
        `event: ${quoted(event.written)}${event.written === 'push' ? `, of the branch ${pushed},` : ''} does not start ${path}: ${why}`,
      );
  }
};

const refuseUnusedMaps = (maps: Wanted['maps'], { others }: References, path: string): void => {
  const names = [...new Set(others.map((uses) => uses.replace(/@.*$/, '')))];
  for (const [name, folder] of maps) {
    if (!names.includes(name)) {
      const closest = suggest(name, names);
      throw new InputError(
        `map: ${path} does not use ${quoted(name)}${closest === undefined ? '' : `; did you mean ${closest}?`}`,
      );
    }
    if (!existsSync(resolve(folder))) throw new InputError(`map: there is no folder ${quoted(folder)}`);
  }
};
