import type { Kernel } from './contracts.ts';
import { irisData } from './fixtures/fixtures.ts';
import type { HostingFace } from './services/sagemaker/sagemaker.ts';

export interface TrafficOptions {
  readonly endpoint: string;
  readonly requestsPerSecond: number;
  readonly seed: number;
}

const secondMs = 1000;
/** Callers measure flowers of the same species, not the same flowers: each feature moves by up to this, in centimetres. */
const jitterCentimetres = 0.1;

/**
 * Seeded background requests on whole seconds, from the next one until stopped: rows of the iris data, a little moved, as CSV. A
 * rate below one sends a request every so many seconds.
 */
export const startTraffic = (kernel: Kernel, hosting: HostingFace, options: TrafficOptions): { stop(): void } => {
  const random = kernel.random(`traffic/${options.endpoint}/${options.seed}`);
  const { rows } = irisData();
  const measure = (): Buffer => {
    const row = rows[Math.floor(random() * rows.length)] ?? [];
    const features = row
      .slice(0, 4)
      .map((value) => (Number(value) + (2 * random() - 1) * jitterCentimetres).toFixed(2));
    return Buffer.from(features.join(','));
  };
  let owed = 0;
  const timer = kernel.clock.every(secondMs, `traffic to ${options.endpoint}`, () => {
    owed += options.requestsPerSecond;
    const bodies = Array.from({ length: Math.floor(owed) }, measure);
    owed -= bodies.length;
    hosting.drive(options.endpoint, bodies, 'text/csv', kernel.clock.now());
  });
  return { stop: () => timer.cancel() };
};
