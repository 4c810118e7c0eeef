import { kinds } from '../endpoint/kind.ts';
import { packagesOfModel } from '../endpoint/look.ts';
import { Entries, type Entry, yamlOf } from '../manifest/write.ts';
import { shellWord } from '../plain-text.ts';
import { isOf } from '../registry/registry.ts';
import { nameOfPackage, readPackage } from '../registry/version-reference.ts';
import { serves } from '../release/history.ts';
import { isSameName } from '../same-name.ts';
import type { Account } from '../world.ts';
import type { Found } from './found.ts';
import { ownerLine, ownersOf } from './owner.ts';
import type { Written } from './trial.ts';
import type { WrittenAlarms } from './written-alarms.ts';
import { alarmsEntry, type WrittenRollout } from './written-rollout.ts';

/** Everything that a manifest of an adopted endpoint consists of. */
export interface Draft {
  readonly account: Account;
  readonly found: Found;
  readonly model: string;
  readonly environment: string;
  readonly endpoint: Written;
  /** About `endpoint`: what the manifest cannot have. */
  readonly remarks: readonly string[];
  /** Settings that deliveries keep. */
  readonly kept: readonly string[];
  readonly rollout: WrittenRollout;
  readonly alarms: WrittenAlarms;
  readonly around?: Around;
}

/** The keys and environments of a repository's manifest beside the adopted environment. */
export interface Around {
  /** `versions`, where the branches have other names than the usual ones. */
  readonly versions: readonly Entry[];
  /** The roles of the adopted environment, by name. */
  readonly role: string;
  readonly rollbackRole: string;
  /** The environment before it. */
  readonly after: string;
  /**
   * Environments that come before, made of the adopted endpoint's keys.
   * @param releases where the release record lies, unless it is the default
   */
  readonly before: (endpoint: Written, releases: string | undefined) => readonly Entry[];
}

/** The text of `delivery.yml`. */
export const manifestText = (draft: Draft): string => {
  const { account, found, model, environment, endpoint, remarks, kept, rollout, alarms, around } = draft;
  const home = found.package?.home;
  const releases = found.releases && `s3://${found.releases.bucket}/${found.releases.prefix}`;
  const elsewhere = home !== undefined && !isOf(account, home);
  return yamlOf(
    [
      { key: 'version', value: 1 },
      { key: 'model', value: model, comments: modelComments(draft) },
      ...(around?.versions ?? []),
      ...(elsewhere
        ? [
            {
              key: 'registry',
              value: { account: home.id, region: home.region },
              comments: [
                'The model package group belongs to another account or region. Add `role` unless its resource policy allows the delivering roles: see docs/accounts.md.',
              ],
            },
          ]
        : []),
      {
        key: 'environments',
        value: new Entries([
          ...(around?.before(endpoint, releases) ?? []),
          {
            key: environment,
            value: new Entries([
              { key: 'account', value: account.id },
              {
                key: 'region',
                value: account.region,
                comments:
                  around === undefined
                    ? [
                        'Add `role` (delivers) and `rollback-role` (takes a version back), so that the host refreshes their credentials.',
                      ]
                    : [],
              },
              ...(around === undefined
                ? []
                : [
                    { key: 'role', value: around.role },
                    { key: 'rollback-role', value: around.rollbackRole },
                    {
                      key: 'after',
                      value: around.after,
                      comments: [`A version that has not served well in ${around.after} is refused here.`],
                    },
                  ]),
              ...(releases === undefined
                ? []
                : [
                    {
                      key: 'releases',
                      value: releases,
                      comments: ['An earlier delivery keeps its release record here.'],
                    },
                  ]),
              {
                key: 'endpoint',
                value: new Entries(Object.entries(endpoint).map(([key, value]) => ({ key, value }))),
                comments: [
                  ...remarks,
                  ...(kept.length > 0 ? ['Deliveries keep these settings, which this manifest does not have:'] : []),
                  ...kept.map((line) => `- ${line.replace(/^kept: /, '')}`),
                ],
              },
              { key: 'rollout', value: new Entries(rolloutEntries(rollout, alarms)) },
            ]),
          },
        ]),
      },
    ],
    [
      `Written by \`model-delivery ${around === undefined ? 'adopt' : 'init'}\` from the endpoint ${found.endpoint}, which ${kinds[found.kind].trait} (${found.look.live.endpointConfig}).`,
      ...ownersOf(found.tags).map(ownerLine),
      ...found.look.notes,
    ],
  );
};

const rolloutEntries = (rollout: WrittenRollout, alarms: WrittenAlarms): readonly Entry[] => {
  if (rollout.guarded !== undefined) return [...rollout.entries, alarmsEntry(alarms.named, alarms.remarks)];
  const [first, ...others] = rollout.entries;
  return first === undefined ? [] : [{ ...first, comments: [...(first.comments ?? []), ...alarms.remarks] }, ...others];
};

const modelComments = ({ found, model }: Draft): readonly string[] => {
  const from = found.package;
  if (from?.packageVersion !== undefined) {
    const name = nameOfPackage(from);
    const version = found.record && serves(found.record.history)?.version;
    const own = isSameName(from.group, model);
    if (version !== undefined && own)
      return [`The model package group. ${version} (package ${name}) serves, delivered by this suite.`];
    return [
      own
        ? `The model package group. Package ${name} serves: give it a semantic version with register-model --from ${from.packageVersion}, or deliver packages by their numbers.`
        : `The model package group. Package ${name}, which serves, belongs to another one: take it over with register-model --from and its ARN.`,
    ];
  }
  const parts = [...found.look.models.values()].flatMap(packagesOfModel).map((text) => {
    const part = readPackage('', text);
    return part === undefined ? text : nameOfPackage(part);
  });
  if (from === undefined && parts.length > 0)
    return [
      `The model package group, for which versions are registered. The model that serves has several containers, made of ${[...new Set(parts)].join(' and ')}: no package is the whole version. Register them together as the first version before the first delivery, with register-model and \`containers\`.`,
    ];
  return [
    `The model package group, for which versions are registered. ${
      from === undefined
        ? 'The model that serves was made of no model package'
        : `Package ${from.group}, which serves, belongs to no group`
    }: register it as the first version before the first delivery, with register-model${
      from === undefined
        ? ' and its image and artifact, or with `from` and a package that others registered'
        : ` --from ${shellWord(from.group)}`
    }.`,
  ];
};
