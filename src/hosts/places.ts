import { alarmsPage, consolePage, logGroup, logsPage, objectPage } from '../endpoint/console.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { journalKey, recordKey, releasesOf } from '../release/location.ts';
import { type Place, withoutAccount } from '../report/result.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';

/** Where the evidence of a release lies: in the console of the account, and in the bucket of its records. @param release its id */
export const placesOf = (
  account: Account,
  endpoint: string,
  { manifest, environment }: { readonly manifest: Manifest; readonly environment: string },
  release: string | undefined,
): readonly Place[] => {
  const location = releasesOf(deliveryOf(manifest, environment), account);
  const object = (title: string, key: string): Place =>
    place(title, `s3://${location.bucket}/${key}`, objectPage(account, location, key));
  // A bucket may have the account's id in its name; a summary is read by more people than an account.
  const place = (title: string, name: string, url: string | undefined): Place => ({
    title,
    name: withoutAccount(name, account.id),
    ...withoutUndefined({ url: url?.includes(account.id) ? undefined : url }),
  });
  return [
    place('Endpoint', endpoint, consolePage(account, endpoint)),
    place('Alarms', `${endpoint}-…`, alarmsPage(account, endpoint)),
    place('Logs of the containers', logGroup(endpoint), logsPage(account, endpoint)),
    object('Release record', recordKey(location, endpoint)),
    ...(release ? [object('Journal of the release', journalKey(location, endpoint, release))] : []),
  ];
};
