import { counted } from '../../judge/amounts.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { requestsOf } from '../../manifest/smoke.ts';
import { requireSmokePaths } from '../../mechanisms/smoke/due.ts';

/** So many requests have one with an error in 95 % of the cases where the model fails 5 % of them: 1 − 0.95^60 = 0.954. */
const enough = 60;

/**
 * Checks `smoke:` as far as it needs no AWS.
 * @returns warnings
 * @throws {InputError} for a path that is no JSONPath
 */
export const lintSmoke = ({ smoke, environments }: Manifest): readonly string[] => {
  if (smoke === undefined) return [];
  requireSmokePaths(smoke);
  const sent = requestsOf(smoke);
  return [
    ...Object.entries(environments)
      .filter(([, { endpoint }]) => endpoint.async !== undefined)
      .map(([name]) => `smoke: sends nothing in ${name}, whose endpoint takes asynchronous requests`),
    ...(sent < enough
      ? [
          `smoke: ${counted(sent, 'request')} in all; a model that fails 5 % of its answers by chance passes in ${Math.round(100 * 0.95 ** sent)} % of the cases, with ${enough} requests in 5 %: add requests, or raise \`times\``,
        ]
      : []),
    ...(smoke.requests.every(({ expect }) => expect === undefined)
      ? ['smoke: expects nothing of any answer but that it is no error']
      : []),
  ];
};
