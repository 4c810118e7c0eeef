import type { metricsOf } from '../../manifest/regression-metrics.ts';
import { failed } from '../rows.ts';
import { loss, type Maker, share } from './maker.ts';
import { mean } from './mean.ts';
import { proportion } from './proportion.ts';
import { quantile } from './quantile.ts';

const latency =
  (level: number): Maker =>
  () => ({
    ...loss,
    needs: 'latency',
    shape: quantile(level, 'latency', (_, { latencyMs }, row) => latencyMs?.[row] ?? Number.NaN),
  });

/** Of the service, whatever its model answers: every task has these. */
export const served = {
  'latency-p50': latency(0.5),
  'latency-p95': latency(0.95),
  'latency-p99': latency(0.99),
  'error-rate': () => ({
    ...share,
    better: 'lower',
    needs: 'errors',
    failedRows: 'wrong',
    shape: proportion((_, answers, row) => answers.states[row] === failed),
  }),
  'payload-bytes': () => ({
    ...loss,
    needs: 'bytes',
    shape: mean((_, { bytes }, row) => bytes?.[row] ?? Number.NaN),
  }),
} as const satisfies Partial<Record<keyof (typeof metricsOf)['text'], Maker>>;
