import { jsonLines } from './prediction-files.ts';

interface Part {
  readonly data: unknown;
  readonly encoding: string;
  readonly type?: string;
}

/** A record of data capture as SageMaker writes it (reference/sagemaker.md §7.7); null leaves a side out. */
export const captured = (
  eventId: string,
  input: Part | null,
  {
    inferenceId,
    output = { data: '0.1', encoding: 'CSV', type: 'text/csv; charset=utf-8' },
  }: { readonly inferenceId?: string; readonly output?: Part | null } = {},
): object => ({
  captureData: {
    ...(input === null ? {} : { endpointInput: sideOf(input, 'INPUT') }),
    ...(output === null ? {} : { endpointOutput: sideOf(output, 'OUTPUT') }),
  },
  eventMetadata: {
    eventId,
    ...(inferenceId === undefined ? {} : { inferenceId }),
    inferenceTime: '2026-01-15T10:00:00Z',
  },
  eventVersion: '0',
});

const sideOf = ({ data, encoding, type }: Part, mode: string): object => ({
  ...(type === undefined ? {} : { observedContentType: type }),
  mode,
  data,
  encoding,
});

export const csv = (data: string): Part => ({ data, encoding: 'CSV', type: 'text/csv' });
export const json = (data: string): Part => ({ data, encoding: 'JSON', type: 'application/json' });
export const base64 = (data: string | Buffer, type?: string): Part => ({
  data: Buffer.from(data).toString('base64'),
  encoding: 'BASE64',
  ...(type === undefined ? {} : { type }),
});

export const truth = (eventId: string, data: unknown, encoding = 'CSV'): object => ({
  groundTruthData: { data, encoding },
  eventMetadata: { eventId },
  eventVersion: '0',
});

/** Ground truth of these labels, by id. */
export const truths = (labels: Readonly<Record<string, string>>): string =>
  jsonLines(Object.entries(labels).map(([id, label]) => truth(id, label)));
