import type { SendSigned } from './signed.ts';

export interface EventEntry {
  /** Name or ARN. */
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  /** A JSON object. */
  readonly Detail: string;
  /** Epoch seconds. */
  readonly Time: number;
}

interface Answer {
  readonly Entries?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
}

/** EventBridge of any region, one method per call. */
export const eventbridge = (at: (region: string) => SendSigned) => ({
  writes: {
    /** @throws also for an event that EventBridge did not take: it answers that with status 200 (API reference, PutEvents) */
    putEvent: async (region: string, entry: EventEntry): Promise<void> => {
      const answer = (await at(region)('PutEvents', {
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
        body: JSON.stringify({ Entries: [entry] }),
      })) as Answer;
      const [{ ErrorCode: name, ErrorMessage: message = '' } = {}] = answer.Entries ?? [];
      if (name !== undefined) throw Object.assign(new Error(message), { name, call: 'events:PutEvents' });
    },
  },
});
export type Eventbridge = ReturnType<typeof eventbridge>;
