import { Refusal } from '../operation.ts';
import type { Release } from '../release/record.ts';

/**
 * Rule 9: a version that was taken back is not tried again by itself. Where the cause is not known, nothing says that the version is bad.
 * @param earlier the release that took it back
 * @returns `already-convicted`, or `not-repeated`
 */
export const repeatRefusal = (version: string, { id, reason, because = reason }: Release): Refusal =>
  reason === 'cause-unknown'
    ? new Refusal(
        'not-repeated',
        `an earlier update to ${version} was taken back for a cause that is not known (${id}: ${because}); that convicts no version; set retry: true to try it again`,
      )
    : new Refusal(
        'already-convicted',
        `${version} ${reason === 'smoke-failed' ? 'failed' : 'was taken back'} before (${id}: ${because}); set retry: true to try it again`,
      );
