import { loadManifest, loadToDeliver } from '../manifest/load.ts';
import { file, text } from '../schema.ts';

/** What every operation takes: what is delivered, and where. */
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

/** What puts a new version in front of users takes instead of `sharedInputs.manifest`: every gate in it must be one that is kept. */
export const manifestToDeliver = { ...sharedInputs.manifest, parse: loadToDeliver };
