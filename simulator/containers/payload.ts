import type { Classifier, Prediction } from './classifier.ts';

/**
 * Request and response bodies in the formats of SageMaker's built-in algorithms (AWS: "Common Data Formats for Inference"; of texts, AWS:
 * "BlazingText algorithm"): text/csv, application/json and application/jsonlines; of texts also text/plain, one on a line.
 */

/** The container answers these bodies with a 4xx: the caller's mistake, not the model's. */
export class BadPayload extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const answered: readonly string[] = ['text/csv', 'application/json', 'application/jsonlines'];

const mediaType = (contentType: string): string =>
  answered.includes(contentType) ? contentType : (contentType.split(';')[0] ?? '').trim().toLowerCase();

const numbers = (values: unknown, features: number): readonly number[] => {
  if (!Array.isArray(values)) throw new BadPayload(400, 'each row must be an array of numbers');
  if (values.length !== features) throw new BadPayload(400, `expected ${features} features, got ${values.length}`);
  return values.map((value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new BadPayload(400, `not a number: ${JSON.stringify(value)}`);
    return number;
  });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadPayload(400, 'the body is not JSON');
  }
};

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Reflect.get(value, name) : undefined;

/** `{"features": [...]}`, of a text `{"source": "..."}`, or the bare array or text. */
const instance = (value: unknown): unknown => member(value, 'features') ?? member(value, 'source') ?? value;

const lines = (text: string): readonly string[] => {
  // Of background traffic each body is one line.
  const parts = text.includes('\n') ? text.split(/\r?\n/) : [text];
  return parts.filter((line) => line.trim() !== '');
};

const rowsOf = (text: string, type: string): readonly unknown[] => {
  switch (type) {
    case 'text/csv':
      return lines(text).map((line) => line.split(','));
    case 'application/json': {
      const instances = member(parse(text), 'instances');
      if (!Array.isArray(instances)) throw new BadPayload(400, 'expected {"instances": [...]}');
      return instances.map(instance);
    }
    case 'application/jsonlines':
      return lines(text).map((line) => instance(parse(line)));
    default:
      throw new BadPayload(415, `content type ${type === '' ? '(none)' : type} is not supported`);
  }
};

/** @throws {BadPayload} */
export const readRows = (body: Buffer, contentType: string, features: number): readonly (readonly number[])[] => {
  const rows = rowsOf(body.toString('utf8'), mediaType(contentType));
  if (rows.length === 0) throw new BadPayload(400, 'the body has no rows');
  return rows.map((row) => numbers(row, features));
};

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new BadPayload(400, 'each row must be a text');
  return value;
};

/** @throws {BadPayload} */
export const readTexts = (body: Buffer, contentType: string): readonly string[] => {
  const type = mediaType(contentType);
  // A cell of CSV may have commas, quotes and line breaks of its own: none of the containers for texts takes it.
  if (type === 'text/csv') throw new BadPayload(415, 'content type text/csv is not supported');
  const content = body.toString('utf8');
  const rows = type === 'text/plain' ? lines(content) : rowsOf(content, type);
  if (rows.length === 0) throw new BadPayload(400, 'the body has no rows');
  return rows.map(text);
};

export interface Payload {
  readonly body: Buffer;
  readonly contentType: string;
}

/** The format of an answer: the first that the caller accepts, or that of the request; JSON lines for plain text. @throws {BadPayload} */
export const answerType = (contentType: string, accept = '*/*'): string => {
  const own = mediaType(contentType);
  for (const range of accept.split(',').map(mediaType)) {
    if (range === '*/*' || range === '') return own === 'text/plain' ? 'application/jsonlines' : own;
    const found = answered.find((type) => type === range || `${type.split('/')[0]}/*` === range);
    if (found !== undefined) return found;
  }
  throw new BadPayload(406, `no answer in ${accept}`);
};

/** A label per line for CSV, label, score and all class scores for the JSON formats. @param type as `answerType` gives it */
export const writePredictions = (
  classifier: Pick<Classifier, 'classes'>,
  predictions: readonly Prediction[],
  type: string,
): Payload => {
  const label = (prediction: Prediction): string => classifier.classes[prediction.class] ?? String(prediction.class);
  if (type === 'text/csv')
    return { body: Buffer.from(`${predictions.map(label).join('\n')}\n`), contentType: 'text/csv' };
  const answers = predictions.map((prediction) => ({
    predicted_label: label(prediction),
    score: prediction.scores[prediction.class] ?? 0,
    scores: Object.fromEntries(classifier.classes.map((name, index) => [name, prediction.scores[index] ?? 0])),
  }));
  if (type === 'application/jsonlines')
    return { body: Buffer.from(answers.map((answer) => `${JSON.stringify(answer)}\n`).join('')), contentType: type };
  return { body: Buffer.from(JSON.stringify({ predictions: answers })), contentType: 'application/json' };
};
