import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../../src/commands/judge.ts';
import { scenes } from './scenes.ts';

const folder = import.meta.dirname;
const pathOf = (name: string): string => join(folder, `${name}.jsonl`);

/** Judging needs neither AWS nor a host. */
const noHost = (): never => {
  throw new Error('the judge asked for a host');
};

const replayed = async (path: string) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await judge.run(['--journal', path], noHost, terminal);
  return { code, err, verdicts: out.map((line) => JSON.parse(line) as { decision: string; reason: string }) };
};

/** How each release ended, and for which reasons its judge said so on the way: what a journal that is recorded again must still show. */
const expected: Readonly<Record<string, readonly [end: string, ...reasons: readonly string[]]>> = {
  'steps-clean': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-rare-failures': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-usual-failures': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-proven-by-ratio': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy', 'newest-in-doubt'],
  'steps-newest-in-doubt': [
    'convicted',
    'weights-moved',
    'insufficient-evidence',
    'proven-healthy',
    'newest-in-doubt',
    'provisional',
    'candidate-worse',
  ],
  'steps-errors': ['convicted', 'weights-moved', 'candidate-worse'],
  'steps-slow-tail': ['convicted', 'weights-moved', 'insufficient-evidence', 'candidate-worse'],
  'steps-slow-percentile': ['convicted', 'weights-moved', 'insufficient-evidence', 'mostly-worse', 'candidate-worse'],
  'steps-late-leak': ['convicted', 'weights-moved', 'insufficient-evidence', 'proven-healthy', 'candidate-worse'],
  'steps-shared-outage': [
    'delivered',
    'weights-moved',
    'baseline-in-incident',
    'insufficient-evidence',
    'proven-healthy',
  ],
  'steps-old-fleet-incident': [
    'convicted',
    'weights-moved',
    'baseline-in-incident',
    'insufficient-evidence',
    'candidate-worse',
  ],
  'steps-both-fail': ['shared-outage', 'weights-moved', 'baseline-in-incident', 'both-failing'],
  'steps-no-traffic': ['unproven-health', 'weights-moved', 'insufficient-evidence'],
  'steps-split-not-as-weighted': ['unproven-health', 'weights-moved', 'insufficient-evidence', 'split-not-as-weighted'],
  'steps-blind': ['metrics-blind'],
  'steps-blind-for-a-while': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-revised': ['convicted', 'weights-moved', 'insufficient-evidence', 'candidate-worse'],
  'steps-late-requests': [
    'delivered',
    'weights-moved',
    'insufficient-evidence',
    'split-not-as-weighted',
    'provisional',
    'proven-healthy',
    'baseline-in-incident',
    'more-than-before',
  ],
  'steps-last-step-fails': [
    'worse-than-before',
    'weights-moved',
    'insufficient-evidence',
    'proven-healthy',
    'more-than-before',
    'provisional',
    'worse-than-before',
  ],
  'steps-burst-unguarded': ['convicted', 'weights-moved', 'candidate-worse'],
  'steps-burst-guarded': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-errors-guarded': ['convicted', 'weights-moved', 'insufficient-evidence', 'candidate-worse'],
  'steps-client-errors-reported': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-client-errors-judged': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-own-metrics': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'steps-predictions-differ': ['unproven-health', 'weights-moved', 'own-metric-differs'],
  'steps-predictions-convict': ['convicted', 'weights-moved', 'provisional', 'candidate-worse'],
  'canary-good': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
  'canary-errors': ['convicted', 'weights-moved', 'candidate-worse'],
  'canary-slow-mean': ['convicted', 'weights-moved', 'insufficient-evidence', 'mostly-worse', 'candidate-worse'],
  'linear-good': ['delivered', 'weights-moved', 'insufficient-evidence', 'proven-healthy'],
};

describe('a release that was recorded is judged again, and every verdict is the one of then', () => {
  test.each(scenes.map(({ name, about }) => [name, about] as const))('%s: %s', async (name) => {
    const { code, err, verdicts } = await replayed(pathOf(name));
    expect([code, err]).toEqual([0, []]);
    const { reason } = JSON.parse(readFileSync(pathOf(name), 'utf8').trimEnd().split('\n').at(-1) ?? '');
    expect([reason, ...new Set(verdicts.map((verdict) => verdict.reason))]).toEqual(expected[name]);
  });

  test('a sentence may be worded better since; a figure may not differ', async () => {
    const journal = readFileSync(pathOf('steps-errors'), 'utf8');
    const other = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.jsonl');
    writeFileSync(other, journal.replaceAll(/"because":"[^"]*"/g, '"because":"as it was said then"'));
    expect(await replayed(other)).toMatchObject({ code: 0 });
    writeFileSync(other, journal.replace(/("kind":"verdict".*?"logEvidence":)[^,]+/, '$1-3'));
    expect(await replayed(other)).toMatchObject({
      code: 1,
      err: ['judge: a verdict differs from the one in the journal'],
    });
  });

  test('a journal without its scene cannot be recorded again, and all of them stay small', () => {
    const journals = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
    expect(journals.sort()).toEqual(scenes.map(({ name }) => `${name}.jsonl`).sort());
    const bytes = journals.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(bytes).toBeLessThan(1_000_000);
  });
});
