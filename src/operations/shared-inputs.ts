import { loadManifest } from '../manifest/load.ts';
import { file, text } from '../schema.ts';

/** What every operation takes: what is delivered, and where. */
export const sharedInputs = {
  manifest: file({
    description: 'The delivery manifest.',
    default: 'delivery.yml',
    parse: loadManifest,
  }),
  environment: text({
    description: 'Name of the environment in the manifest.',
    example: 'production',
  }),
};
