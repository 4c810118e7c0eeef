import { loadManifest, ManifestError } from '../manifest/load.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { yamlOf } from '../manifest/write.ts';

/** The keys of `endpoint`, as its author writes them. */
export type Written = Readonly<Record<string, unknown>>;

/**
 * The specification that the product's own loader makes of these keys.
 * @returns the loader's sentence when it refuses them
 */
export const tried = (endpoint: Written): EndpointSpec | { readonly because: string } => {
  const name = 'trial';
  const text = yamlOf([
    { key: 'version', value: 1 },
    { key: 'model', value: name },
    {
      key: 'environments',
      value: {
        [name]: { endpoint, rollout: { strategy: 'all-at-once', 'final-bake': '0s', 'minimum-requests': 0 } },
      },
    },
  ]);
  try {
    const spec = loadManifest(text, name).environments[name]?.endpoint;
    return spec ?? { because: 'the manifest has no endpoint' };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { because: error.message.replaceAll(/^trial:\d+:\d+: (environments\.trial\.endpoint\.?)?/gm, '') };
  }
};

export const isSpec = (tried: EndpointSpec | { readonly because: string }): tried is EndpointSpec =>
  !('because' in tried);
