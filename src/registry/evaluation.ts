import type * as z from 'zod/mini';
import { sha256 } from '../digest.ts';
import { parseJsonFile } from '../json-file.ts';
import { InputError } from '../schema.ts';

/** An evaluation.json as SageMaker and Studio read it: `<group>.<metric>.value`. */
export interface Evaluation {
  /** The file, byte for byte. */
  readonly text: string;
  readonly sha256: string;
  /** Whether Studio will show any of it. */
  readonly hasKnownGroup: boolean;
}

/** AWS: Model Monitor, model quality metrics. */
export const metricGroups = [
  'binary_classification_metrics',
  'multiclass_classification_metrics',
  'regression_metrics',
];

/** @throws {InputError} when the file is not a JSON object */
export const parseEvaluation = (text: string, source: string): Evaluation => {
  const content = parseReport(text, source, 'e.g. {"regression_metrics": {"mae": {"value": 0.4}}}');
  return {
    text,
    sha256: sha256(text),
    hasKnownGroup: metricGroups.some((group) => Object.hasOwn(content, group)),
  };
};

/**
 * A report of SageMaker's by its schema.
 * @throws {InputError} naming `source` and the place in it
 */
export const reportBy = <Schema extends z.ZodMiniType>(
  schema: Schema,
  content: object,
  source: string,
): z.output<Schema> => {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = (issue?.path ?? []).join('.');
  throw new InputError(`${source}: ${place === '' ? '' : `${place} `}${issue?.message ?? 'is not readable'}`);
};

const deepest = 40;

/**
 * The JSON object of a report of SageMaker's.
 * @throws {InputError} naming `source` and the place in it
 */
export const parseReport = (text: string, source: string, expected: string): object => {
  const content = parseJsonFile(text, source);
  if (depthOf(content) > deepest)
    throw new InputError(`${source}: is nested more than ${deepest} levels deep; a report never is`);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new InputError(`${source}: not a JSON object; expected ${expected}`);
  return content;
};

/** Without recursion: a text that is too deep would overflow the stack. */
const depthOf = (content: unknown): number => {
  let most = 0;
  const left = [{ value: content, depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, depth } = next;
    most = Math.max(most, depth);
    if (most > deepest) return most;
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) left.push({ value: inner, depth: depth + 1 });
  }
  return most;
};
