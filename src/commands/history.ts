import { describe, isRefused } from '../aws/errors.ts';
import { Throttled } from '../aws/retry.ts';
import { type Instant, isDay, iso, seconds } from '../clock.ts';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import { groupBy } from '../group-by.ts';
import { clockOf } from '../hosts/clock.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { Refusal } from '../operation.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { listPackages, packagesOf } from '../registry/packages.ts';
import { registryAccount } from '../registry/registry.ts';
import { showVersion } from '../registry/shown-version.ts';
import { readReference } from '../registry/version-reference.ts';
import type { ReleaseRecord } from '../release/record.ts';
import {
  type History,
  type HistoryFilter,
  historyOf,
  type VersionHistory,
  versionHistory,
  withVersions,
} from '../report/history/history.ts';
import { historyAsText } from '../report/history/text.ts';
import { type Field, flag, InputError, optional, parseDuration, text, type ValuesOf } from '../schema.ts';
import { quoted, redacted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type PartialAnswer, printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { askEnvironments, type EnvironmentAnswer, isWhole, shareable } from './environments.ts';
import { openReadOnly } from './read-only-session.ts';

/** Before the time of the command, or an instant. */
type Since = { readonly ago: number; readonly written: string } | { readonly at: Instant };

const since: Field<Since> = {
  kind: 'text',
  required: false,
  description:
    'Only releases that went on since then: `12h`, `7d`, a day `2026-01-05` (UTC) or an instant `2026-01-05T09:00:00Z`.',
  example: '7d',
  parse: (written, source) => {
    const [, days] = /^(\d{1,4})d$/.exec(written) ?? [];
    const ago = days === undefined ? parseDuration(written) : Number(days) * 24 * 3600;
    if (ago !== undefined) return { ago: seconds(ago), written };
    const [, day = ''] = /^(\d{4}-\d{2}-\d{2})(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.exec(written) ?? [];
    const at = Date.parse(written);
    if (isDay(day) && !Number.isNaN(at)) return { at };
    throw new InputError(
      `${source}: ${quoted(written)} is not a time; expected e.g. 12h, 7d, 2026-01-05 or 2026-01-05T09:00:00Z`,
    );
  },
};

const limit: Field<number> = {
  kind: 'integer',
  required: false,
  description:
    'At most so many releases, the newest ones of all environments together; and so many configurations that served.',
  example: '10',
  parse: (written, source) => {
    const value = /^\d{1,4}$/.test(written) ? Number(written) : 0;
    if (value >= 1) return value;
    throw new InputError(`${source}: ${quoted(written)} is not a number of releases; expected 1 to 9999`);
  },
};

const historyInputs = {
  manifest: sharedInputs.manifest,
  environment: optional(
    text({ description: 'Name of one environment. Default: all of the manifest.', example: 'production' }),
  ),
  version: optional(
    text({
      description: 'Only releases that brought this version or took it away: as `version` of `deploy-endpoint`.',
      example: '1.4.0',
    }),
  ),
  since: optional(since),
  limit: optional(limit),
  json: flag({ description: 'Print JSON.', default: false }),
};
type Inputs = ValuesOf<typeof historyInputs>;

export const history: Command = {
  does: 'Prints the releases with their versions, places, times, reasons, ends and actors; the configurations that served; and the approvals.',
  options: historyInputs,
  notes: [
    'It reads the release record of each environment, which keeps 20 releases and 50 configurations, and the registry. [The history](history.md) describes columns and JSON.',
  ],
  examples: [
    { line: 'history', does: 'Prints the history of all environments, newest first.' },
    { line: 'history --environment production --limit 5', does: 'Prints the last five releases of one.' },
    { line: 'history --version 1.4.0 --since 7d --json', does: 'Prints the releases of one version as JSON.' },
  ],
  exits: {
    0: 'printed, also when there is no release',
    1: 'AWS could not be read, for one environment at least: the others are printed',
    2: wrongRequest,
  },
  run: (args, host) => runHistory(args, host()),
};

/** Reads only. */
const runHistory = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'history',
    schema: historyInputs,
    answer: (inputs: Inputs) => answer(inputs, host),
  };
  return printAnswer(question, args, host);
};

const answer = async (inputs: Inputs, host: CommandLine): Promise<PartialAnswer> => {
  const { manifest, json } = inputs;
  const filter = await filterOf(inputs, host);
  const opened = await askEnvironments(host, inputs, async (name) => {
    const { world, store } = await openReadOnly(host, manifest, name);
    const stored = await store.read();
    if (stored === undefined) await refuseOtherRecord(world, store, true);
    return { world, ...withoutUndefined({ record: stored?.record }) };
  });
  const found = historyOf(
    manifest.model,
    opened.map(({ answer: read, ...one }) => ({ ...one, ...withoutUndefined({ record: read?.record }) })),
    filter,
  );
  const { versions, unread } = await versionsOf(manifest.model, opened, found);
  const whole = shareable(
    withVersions(
      {
        ...found,
        environments: found.environments.map((one) =>
          withoutUndefined({ ...one, 'without-approvals': unread.get(one.environment) }),
        ),
      },
      versions,
    ),
    opened.flatMap(({ answer: read }) => (read === undefined ? [] : [read.world])),
  );
  return {
    text: json
      ? jsonText(whole, 2)
      : [redacted(historyAsText(whole, host.terminal.width?.())), ...noRelease(inputs, filter, whole)].join('\n'),
    isWhole: isWhole(opened),
  };
};

const filterOf = async ({ manifest, since: from, version, limit: most }: Inputs, host: CommandLine) => {
  const instant = from && ('at' in from ? from.at : before((await clockOf(host)).now(), from));
  const reference = version === undefined ? undefined : readReference(manifest.model, version);
  const wanted =
    reference &&
    (reference.is === 'version' ? { version: reference.version } : { packageVersion: reference.packageVersion });
  return withoutUndefined({ since: instant, version: wanted, limit: most }) satisfies HistoryFilter;
};

/** @throws {InputError} for a duration that leads before 1970, where no release is */
const before = (now: Instant, { ago, written }: { readonly ago: number; readonly written: string }): Instant => {
  if (ago <= now) return now - ago;
  throw new InputError(`since: ${quoted(written)} ago is before 1970; expected e.g. 12h or 7d`);
};

/** Without it the answer for a misspelt version would look like that for one that was never delivered. */
const noRelease = ({ version }: Inputs, { since }: HistoryFilter, { releases }: History): readonly string[] =>
  version === undefined || releases.length > 0
    ? []
    : [
        `no release that was read has the version ${quoted(version)}${since === undefined ? '' : ` since ${iso(since)}`}`,
      ];

type Opened = EnvironmentAnswer<{ readonly world: World; readonly record?: ReleaseRecord }>;

/** The registry's answer about each version of the history; each registry is read once. */
const versionsOf = async (
  model: string,
  opened: readonly Opened[],
  { releases, served }: History,
): Promise<{ readonly versions: readonly VersionHistory[]; readonly unread: ReadonlyMap<string, string> }> => {
  const versions: VersionHistory[] = [];
  const unread = new Map<string, string>();
  const groups = groupBy(
    opened.flatMap(({ environment, answer: read }) => (read === undefined ? [] : [{ environment, world: read.world }])),
    ({ world }) => placeOf(world),
  );
  for (const [, sharing] of groups) {
    const environments = sharing.map(({ environment }) => environment);
    const world = sharing[0]?.world;
    const wanted = new Set(
      [...releases, ...served].flatMap((one) =>
        environments.includes(one.environment) && one.version !== undefined ? [one.version] : [],
      ),
    );
    if (world === undefined || wanted.size === 0) continue;
    try {
      const listed = await listPackages(world, model);
      for (const version of wanted) {
        const owner = packagesOf(listed, version)[0];
        const shown = owner && (await showVersion(world, model, owner));
        if (shown !== undefined) versions.push(versionHistory(shown, environments));
      }
    } catch (error) {
      if (!isRefused(error) && !(error instanceof Throttled) && !(error instanceof Refusal)) throw error;
      for (const one of environments) unread.set(one, describe(error));
    }
  }
  return { versions, unread };
};

const placeOf = (world: World): string => {
  const { id, region } = registryAccount(world);
  return `${id}/${region}`;
};
