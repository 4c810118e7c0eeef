import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { startContainer } from '../../simulator/containers/model-server.ts';
import {
  type FixtureModel,
  type FixtureVersion,
  fixture,
  goldenSet,
  regressionAsking,
} from '../../simulator/fixtures/fixtures.ts';
import { compare } from '../../src/commands/compare.ts';
import type { Comparison } from '../../src/findings/comparison.ts';
import { filesOf, jsonLines } from './prediction-files.ts';
import { runCommand } from './run-command.ts';

/** The simulator's models, asked for their golden rows without an endpoint in the way. */

export interface GoldenRow {
  readonly id: string;
  readonly label: string;
  readonly [column: string]: string | number;
}

export const goldenRows = (model: FixtureModel): readonly GoldenRow[] => {
  const { name, content } = goldenSet(model);
  const [header = '', ...lines] = content.toString('utf8').trimEnd().split('\n');
  if (name.endsWith('.jsonl')) return [header, ...lines].map((line) => JSON.parse(line));
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const numbers = columns.slice(2).map((column, index) => [column, Number(cells[index + 2])]);
    return { id: cells[0] ?? '', label: cells[1] ?? '', ...Object.fromEntries(numbers) };
  });
};

interface Asking {
  readonly request: {
    readonly 'content-type': string;
    readonly accept: string;
    readonly input: string | readonly string[];
  };
}
export interface Asked {
  readonly body: string;
  readonly type: string;
  readonly accept: string;
}

/** The requests about rows, as the model's `asking.yml` has them. */
export const requestsTo = (model: FixtureModel): ((row: GoldenRow) => Asked) => {
  const { request }: Asking = parse(regressionAsking(model));
  const { 'content-type': type, accept, input } = request;
  const columns = typeof input === 'string' ? [input] : input;
  return (row) => ({ body: columns.map((column) => row[column]).join(','), type, accept });
};

interface Answer {
  readonly predicted_label: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** Rows of a file of predictions. One row after the other is asked. */
export const predictionsOf = <Model extends FixtureModel>(
  model: Model,
  version: FixtureVersion<Model>,
): readonly object[] => {
  const container = startContainer(fixture(model, version).artifact);
  const requestOf = requestsTo(model);
  return goldenRows(model).map((row) => {
    const { body, type, accept } = requestOf(row);
    const { status, body: answer, latencyMs } = container.invoke(Buffer.from(body), type, accept);
    const asked = { ...row, 'latency-ms': latencyMs };
    if (status !== 200) return { ...asked, error: answer.toString('utf8') };
    const { predictions }: { readonly predictions: readonly Answer[] } = JSON.parse(answer.toString('utf8'));
    const [first] = predictions;
    const score = model === 'sentiment' ? first?.scores['positive'] : first?.scores;
    return { ...asked, prediction: first?.predicted_label, score };
  });
};

/** The verdict of `model-delivery compare` on two files of predictions. */
export const verdictOn = async (
  policy: { readonly model: FixtureModel; readonly name: string },
  candidate: readonly object[],
  baseline: readonly object[],
): Promise<Comparison> => {
  const files = filesOf({ 'candidate.jsonl': jsonLines(candidate), 'baseline.jsonl': jsonLines(baseline) });
  const folder = dirname(fileURLToPath(new URL('../../simulator/fixtures/fixtures.ts', import.meta.url)));
  const { out, err } = await runCommand(compare, [
    ...['--candidate', files['candidate.jsonl'], '--baseline', files['baseline.jsonl']],
    ...['--policy', join(folder, policy.model, `${policy.name}.yml`), '--json'],
  ]);
  if (err.length > 0) throw new Error(err.join('\n'));
  return JSON.parse(out.join('\n'));
};
