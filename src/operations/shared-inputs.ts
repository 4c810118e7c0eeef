import { loadManifest } from '../manifest/load.ts';
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

/** The version of an operation that checks or delivers one. @param aim `check`, `deploy` */
export const versionInput = (aim: string) =>
  text({
    description: `Registered version to ${aim}: \`1.4.0\`, \`v1.4.0\` or a git tag such as \`churn_v1.4.0\`, \`churn-v1.4.0\`, \`churn@1.4.0\`. For a package that others registered without a version: its number, \`7\` or \`churn/7\`, or its ARN.`,
    example: '1.4.0',
  });
