import { loadManifest } from '../../manifest/load.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { parseYaml } from '../../manifest/yaml.ts';

/** The manifest of the user, as the workflow is rehearsed with it. */
export interface RehearsedManifest {
  readonly manifest: Manifest;
  /** The file, when it is another than the user's. */
  readonly text?: string;
  /** A sentence for each part that is left out. */
  readonly leftOut: readonly string[];
}

type Mapping = Readonly<Record<string, unknown>>;

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
  const keep = (part: Mapping, where: string): Mapping =>
    Object.fromEntries(
      Object.entries(part).filter(([key]) => {
        const why = Object.hasOwn(asked, key) ? asked[key as keyof typeof asked] : undefined;
        if (why !== undefined) leftOut.push(`\`${where}${key}\`: ${why}`);
        return why === undefined;
      }),
    );
  const top = keep(manifest, '');
  const environments = Object.entries(top['environments'] as Readonly<Record<string, Mapping>>).map(([name, one]) => {
    const environment = keep(one, `${name}.`);
    const rollout = environment['rollout'] as Mapping;
    const judge = rollout['judge'];
    if (typeof judge !== 'object' || judge === null || !('metrics' in judge)) return [name, environment];
    const { metrics: _none, ...rest } = judge;
    leftOut.push(`\`${name}.rollout.judge.metrics\`: your model publishes them, and a stand-in serves here`);
    return [name, { ...environment, rollout: { ...rollout, judge: rest } }];
  });
  return { leftOut, value: { ...top, environments: Object.fromEntries(environments) } };
};
