import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';

/** Decide what is drawn and how it is judged; the other files only show it. */
const deciding = [
  'src/judge/*.ts',
  'test/benchmarks/judges/*.ts',
  ...[
    'cell',
    'clopper-pearson',
    'contestants',
    'error-laws',
    'generate',
    'judge-summary',
    'latency-law',
    'random',
    'scenarios',
    'stream',
  ].map((name) => `test/benchmarks/${name}.ts`),
];

/** Results of other sources are other results. */
export const sourcesDigest = (): string => {
  const hash = createHash('sha256');
  for (const path of globSync(deciding).sort()) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 12);
};
