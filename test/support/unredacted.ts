import { join } from 'node:path';
import { build } from 'esbuild';

/** The whole process without the removal of secrets: the same run must then leak visibly, or the scan proves nothing. */
export const withoutRedaction = async (folder: string): Promise<string> => {
  const script = join(folder, 'unredacted.cjs');
  await build({
    entryPoints: ['actions/deploy-endpoint/main.ts'],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    plugins: [
      {
        name: 'without-redaction',
        setup: ({ onLoad }) =>
          onLoad({ filter: /src[\\/]secrets\.ts$/ }, () => ({
            loader: 'ts',
            contents: `const same = (value: any) => value;
              export { same as redacted, same as withoutKnownSecrets, same as withoutSecrets, same as keyOf };
              export { same as redactedWords };
              export const keepSecret = () => {}, keepSecretsOf = () => {}, keepVariablesOf = () => {}, mayBeSecret = () => false;
              export const quoted = (value: unknown) => JSON.stringify(value), jsonProblem = String, notShown = '';`,
          })),
      },
    ],
  });
  return script;
};
