import type { Asynchronous, DataCapture, EndpointSpec, StepScaling } from '../manifest/manifest.ts';

type Spelling<Word extends string | undefined> = Readonly<Record<NonNullable<Word>, string>>;

/** Values that the manifest and AWS spell in different ways: the manifest's word → AWS's. */
export const spellings = {
  routing: {
    'least-outstanding-requests': 'LEAST_OUTSTANDING_REQUESTS',
    random: 'RANDOM',
  } satisfies Spelling<EndpointSpec['routing']>,
  message: {
    success: 'SUCCESS_NOTIFICATION_TOPIC',
    error: 'ERROR_NOTIFICATION_TOPIC',
  } satisfies Spelling<NonNullable<Asynchronous['includeResponseIn']>[number]>,
  side: { input: 'Input', output: 'Output' } satisfies Spelling<NonNullable<DataCapture['capture']>[number]>,
  adjustment: {
    change: 'ChangeInCapacity',
    percent: 'PercentChangeInCapacity',
    exact: 'ExactCapacity',
  } satisfies Spelling<StepScaling['adjustment']>,
  aggregation: {
    average: 'Average',
    minimum: 'Minimum',
    maximum: 'Maximum',
  } satisfies Spelling<StepScaling['aggregation']>,
} as const;

/** The manifest's word for a value of AWS's; undefined when it has none. */
export const wordFor = (kind: keyof typeof spellings, value: unknown): string | undefined =>
  Object.entries(spellings[kind]).find(([, spelled]) => spelled === value)?.[0];
