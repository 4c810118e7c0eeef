import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { suggest } from '../../manifest/suggest.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { needAct } from './act.ts';
import { type Event, triggerOf } from './event.ts';
import type { FaultName } from './fault.ts';
import { type RehearsedManifest, rehearsedManifest } from './manifest.ts';
import { eventsOf, type Named, namedIn, type References, referencesOf } from './references.ts';
import { openRepository, type Repository } from './repository.ts';
import type { Behaviours } from './stand-ins.ts';
import { suitePaths } from './suite.ts';

/** The user's options. */
export interface Wanted extends Behaviours {
  readonly workflow: string;
  readonly manifest: string;
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
export const workflowRehearsal = (wanted: Wanted, cwd: string): WorkflowRehearsal => {
  const repository = openRepository(cwd);
  const path = repository.inside('workflow', wanted.workflow);
  const text = repository.files.get(path);
  if (text === undefined || !path.startsWith('.github/workflows/'))
    throw new InputError(
      `workflow: ${quoted(wanted.workflow)} is not a workflow of the repository: it is not in .github/workflows, or git ignores it`,
    );
  const started = eventsOf(text);
  if (started === undefined) throw new InputError(`workflow: ${path} has no \`on\` and \`jobs\` that can be read`);
  for (const event of wanted.events) {
    if (!started.includes(triggerOf(event)))
      throw new InputError(
        `event: ${quoted(event.written)} does not start ${path}, whose \`on\` has ${started.join(', ')}`,
      );
    if (event.is === 'push' && event.branch === undefined && repository.branch === undefined)
      throw new InputError(
        `event: HEAD is on no branch; name the branch that is pushed, as in --event push:${repository.main}`,
      );
  }
  const references = referencesOf(repository.files, path, suitePaths());
  if (references.homes.length === 0)
    throw new InputError(
      `workflow: ${path} uses no action and no workflow of this suite, neither itself nor through files of the repository, such as OWNER/model-delivery/actions/deploy-endpoint@v1`,
    );
  refuseUnusedMaps(wanted.maps, references, path);
  const manifestPath = repository.inside('manifest', wanted.manifest);
  const manifest = rehearsedManifest(
    readFileSync(join(repository.root, manifestPath), 'utf8'),
    wanted.manifest,
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
