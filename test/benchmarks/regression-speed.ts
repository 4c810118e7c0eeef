import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { metricsOf } from '../../src/manifest/regression-metrics.ts';
import { randomFrom } from './random.ts';

/** Seconds of one processor, and megabytes, for a million rows with every metric of a binary classification. */
export const speedLimits = { processorSeconds: 20, megabytes: 400 } as const;

export interface Speed {
  readonly lines: readonly string[];
  readonly kept: boolean;
}

interface Used {
  readonly processorSeconds: number;
  readonly mostMegabytes: number;
}

const here = import.meta.dirname;
const served: readonly string[] = ['latency-p50', 'latency-p95', 'latency-p99', 'error-rate', 'payload-bytes'];

/** `compare` on two files of so many rows, beside pandas and scikit-learn where this machine has them. */
export const regressionSpeed = (rows = 1_000_000): Speed => {
  const folder = mkdtempSync(join(tmpdir(), 'regression-speed-'));
  try {
    const [candidate, baseline, policy] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl'), join(folder, 'p.yml')];
    writePredictions(candidate, baseline, rows);
    const metrics = Object.keys(metricsOf['binary-classification'])
      .filter((name) => !served.includes(name))
      .map((metric) => (metric === 'f-beta' ? { metric, beta: 2 } : metric));
    writeFileSync(policy, JSON.stringify({ task: 'binary-classification', positive: 1, metrics }));
    const ours = compared(['--candidate', candidate, '--baseline', baseline, '--policy', policy]);
    const kept =
      ours.code === 0 &&
      (rows < 1_000_000 ||
        (ours.processorSeconds < speedLimits.processorSeconds && ours.mostMegabytes < speedLimits.megabytes));
    return {
      kept,
      lines: [
        `${rows} rows, ${metrics.length} metrics with intervals: ${used(ours)}; limits ${speedLimits.processorSeconds} s and ${speedLimits.megabytes} MB${kept ? '' : ': NOT KEPT'}`,
        `  ${ours.because}`,
        `  ${besidePython(candidate, baseline, ours)}`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const used = ({ processorSeconds, mostMegabytes }: Used): string =>
  `${processorSeconds.toFixed(1)} s of one processor, ${Math.round(mostMegabytes)} MB`;

/** A model and a slightly better one; rows of the two files in different orders. */
const writePredictions = (candidate: string, baseline: string, rows: number): void => {
  const random = randomFrom('regression speed');
  const clipped = (value: number): number => Math.min(1, Math.max(0, value));
  const [first, second] = [openSync(candidate, 'w'), openSync(baseline, 'w')];
  const row = (id: number, label: number, score: number): string =>
    `{"id":"row-${id}","label":${label},"prediction":${score > 0.5 ? 1 : 0},"score":${score.toFixed(6)}}\n`;
  const pieceRows = 10_000;
  for (let from = 0; from < rows; from += pieceRows) {
    const pairs = Array.from({ length: Math.min(pieceRows, rows - from) }, (_, at) => {
      const label = random.next() < 0.3 ? 1 : 0;
      const score = clipped(0.25 + 0.4 * label + 0.2 * random.gaussian());
      return [row(from + at, label, score), row(from + at, label, clipped(score + 0.05 * random.gaussian()))] as const;
    });
    writeSync(first, pairs.map(([one]) => one).join(''));
    writeSync(
      second,
      pairs
        .map(([, other]) => other)
        .reverse()
        .join(''),
    );
  }
  closeSync(first);
  closeSync(second);
};

const compared = (args: readonly string[]): Used & { readonly code: number; readonly because: string } => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(here, 'regression-speed-worker.ts'), ...args], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(`the comparison gave no result: ${stderr}`);
  return JSON.parse(stdout);
};

const besidePython = (candidate: string, baseline: string, ours: Used): string => {
  const own = resolve(here, '../../.cache/verifiers/bin/python');
  const reasons: string[] = [];
  for (const python of [process.env['PYTHON'], own, 'python3']) {
    if (python === undefined) continue;
    const { status, stdout, stderr } = spawnSync(python, [join(here, 'regression-speed.py'), candidate, baseline], {
      encoding: 'utf8',
    });
    if (status === 0) {
      const theirs: Used = JSON.parse(stdout);
      return `pandas and scikit-learn, values alone: ${used(theirs)}; ours is ${(ours.processorSeconds / theirs.processorSeconds).toFixed(2)} of the time`;
    }
    reasons.push(`${python}: ${stderr?.trim().split('\n').at(-1) ?? 'not there'}`);
  }
  return `no ratio to pandas and scikit-learn: ${reasons.join('; ')}`;
};
