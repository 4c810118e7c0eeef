import { loadManifest, loadToDeliver } from '../manifest/load.ts';
import { file, text } from '../schema.ts';

/** The inputs of every operation: the manifest and the environment. */
export const sharedInputs = {
  manifest: file({
    description: 'The delivery manifest.',
    default: 'delivery.yml',
    mostBytes: 256 * 1024,
    parse: loadManifest,
  }),
  environment: text({
    description: 'Name of the environment in the manifest.',
    example: 'production',
  }),
};

/** Replaces `sharedInputs.manifest` in an operation that delivers a new version: the suite must keep every gate in the manifest. */
export const manifestToDeliver = { ...sharedInputs.manifest, parse: loadToDeliver };
