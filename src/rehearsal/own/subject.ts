import { readFileSync } from 'node:fs';
import { codeDeployOf, environmentOf, loadManifest } from '../../manifest/load.ts';
import type { Environment, Manifest, Rollout } from '../../manifest/manifest.ts';
import { parseYaml } from '../../manifest/yaml.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { type Mapping, withoutKeys, withoutOwnMetrics } from './left-out.ts';

type Strategy = Rollout['strategy'];

/** The user's environment, as it can be rehearsed. */
export interface Subject {
  readonly model: string;
  readonly name: string;
  readonly environment: Environment;
  /** The user's, without what is left out. */
  readonly manifest: string;
  /** A sentence for each part of the user's manifest that is not rehearsed. */
  readonly leftOut: readonly string[];
}

export interface Chosen {
  /** Its path, and its text where it lies in no file. */
  readonly manifest: string;
  readonly text?: string;
  readonly environment?: string;
  readonly strategy?: Strategy;
  /** The user's own model serves, and can be asked by a smoke test. */
  readonly isOwn?: boolean;
}

/** The shapes of docs/manifest.md; alarms and the least requests are the manifest's own. */
const shapes: Readonly<Record<Strategy, Mapping>> = {
  'all-at-once': { 'final-bake': '10m' },
  canary: { size: '25%', bake: '10m', 'final-bake': '10m' },
  linear: { step: '25%', bake: '5m', 'final-bake': '10m' },
  rolling: { batch: '25%', bake: '5m', 'rollback-batch': '50%' },
  steps: {
    steps: [5, 25, 50, 95, 100],
    bake: '10m',
    'max-step': '1h',
    judge: {
      convict: { 'worse-than': '1.2x', 'false-rollback': 0.01 },
      healthy: { 'excess-below': '0.5%', confidence: 0.95 },
    },
  },
};

/** Keys that need the user's own model or people, and the reason in the rehearsal's words. */
const ofPeople = {
  risk: 'the evidence that a high risk needs is yours',
  approval: 'the version counts as approved',
  registry: 'the registry is in the account of the environment',
} as const;
const unrehearsed = {
  manifest: {
    ...ofPeople,
    regression: 'the release alone is rehearsed, without the test before it',
    smoke: 'the smoke test asks your model, and a stand-in serves here',
  },
  environment: { ...ofPeople, after: 'no other environment is rehearsed' },
} as const;

/** @throws {InputError} */
export const subjectOf = ({
  manifest: path,
  text: given,
  environment: wanted,
  strategy,
  isOwn = false,
}: Chosen): Subject => {
  const text = given ?? readManifestFile(path);
  const written = loadManifest(text, path);
  const name = wanted ?? onlyEnvironment(written, path);
  if (codeDeployOf(written, name) !== undefined)
    throw new InputError(
      `environment: ${quoted(name)} is delivered by CodeDeploy; a manifest is rehearsed for endpoints of SageMaker. The scenarios \`codedeploy-…\` play its deployments`,
    );
  if (environmentOf(written, name).endpoint.async !== undefined)
    throw new InputError(
      `environment: ${quoted(name)} is an endpoint with \`async\`, and a manifest is rehearsed with requests in real time. The scenario \`async-endpoint\` plays its deployments`,
    );
  const { value, leftOut } = reduced(parseYaml(text).value as Mapping, name, strategy, isOwn);
  const manifest = JSON.stringify(value, null, 2);
  return {
    model: written.model,
    name,
    environment: environmentOf(loadManifest(manifest, path), name),
    manifest: `${manifest}\n`,
    leftOut,
  };
};

/** @throws {InputError} */
export const readManifestFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`manifest: ${quoted(path)} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
};

const onlyEnvironment = ({ environments, byCodeDeploy = {} }: Manifest, path: string): string => {
  const names = [...Object.keys(environments), ...Object.keys(byCodeDeploy)];
  if (names.includes('production')) return 'production';
  const [first = '', second] = names;
  if (second !== undefined)
    throw new InputError(`environment: name one of ${path}: ${names.join(', ')}; none of them is production`);
  return first;
};

/** One environment alone, in JSON, which is YAML too. */
const reduced = (manifest: Mapping, name: string, strategy: Strategy | undefined, isOwn: boolean) => {
  const leftOut: string[] = [];
  const { smoke, ...always } = unrehearsed.manifest;
  const top = withoutKeys(manifest, isOwn ? always : { ...always, smoke }, '', leftOut);
  const environment = withoutKeys(
    (manifest['environments'] as Readonly<Record<string, Mapping>>)[name] ?? {},
    unrehearsed.environment,
    `${name}.`,
    leftOut,
  );
  const written = environment['rollout'] as Mapping;
  const { alarms, 'minimum-requests': least } = written;
  const rollout =
    strategy === undefined
      ? withoutOwnMetrics(written, `${name}.`, leftOut)
      : { strategy, ...shapes[strategy], 'minimum-requests': least, ...(alarms === undefined ? {} : { alarms }) };
  return { leftOut, value: { ...top, environments: { [name]: { ...environment, rollout } } } };
};
