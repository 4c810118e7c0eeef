import { loadManifest } from '../../manifest/load.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { parseYaml } from '../../manifest/yaml.ts';
import { type Mapping, withoutKeys, withoutOwnMetrics } from '../own/left-out.ts';

/** The manifest of the user, as the workflow is rehearsed with it. */
export interface RehearsedManifest {
  readonly manifest: Manifest;
  /** The file, when it is another than the user's. */
  readonly text?: string;
  /** A sentence for each part that is left out. */
  readonly leftOut: readonly string[];
}

/**
 * @param own the model serves itself: then nothing is left out
 * @throws {ManifestError}
 */
export const rehearsedManifest = (text: string, path: string, own: boolean): RehearsedManifest => {
  const manifest = loadManifest(text, path);
  const { value, leftOut } = without(parseYaml(text).value as Mapping);
  if (own || leftOut.length === 0) return { manifest, leftOut: [] };
  const changed = `${JSON.stringify(value, null, 2)}\n`;
  return { manifest: loadManifest(changed, path), text: changed, leftOut };
};

const asked = {
  regression: 'it asks your model, and a stand-in serves here',
  smoke: 'it asks your model, and a stand-in serves here',
  risk: 'a high risk needs the regression test',
} as const;

const without = (manifest: Mapping): { readonly value: Mapping; readonly leftOut: readonly string[] } => {
  const leftOut: string[] = [];
  const top = withoutKeys(manifest, asked, '', leftOut);
  const environments = Object.entries(top['environments'] as Readonly<Record<string, Mapping>>).map(([name, one]) => {
    const environment = withoutKeys(one, asked, `${name}.`, leftOut);
    const rollout = withoutOwnMetrics(environment['rollout'] as Mapping, `${name}.`, leftOut);
    return [name, { ...environment, rollout }];
  });
  return { leftOut, value: { ...top, environments: Object.fromEntries(environments) } };
};
