import type { Sending } from './sender.ts';
import { rawSender, type SignedService } from './signed.ts';

export interface Published {
  readonly TopicArn: string;
  readonly Message: string;
  /** At most 100 characters, without line breaks. */
  readonly Subject?: string;
  /** Of a FIFO topic, as the next one. */
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** SNS of any region, one method per call. It speaks the query protocol (service model: `protocol`, `apiVersion`). */
export const sns = (at: (region: string) => readonly [SignedService, Sending]) => ({
  writes: {
    publish: (region: string, input: Published): Promise<void> =>
      rawSender(...at(region), () => undefined)('Publish', {
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', ...input }).toString(),
      }),
  },
});
export type Sns = ReturnType<typeof sns>;
