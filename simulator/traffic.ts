import type { Kernel, TrafficOptions } from './contracts.ts';
import { irisData } from './fixtures/fixtures.ts';
import type { HostingFace } from './services/sagemaker/sagemaker.ts';

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
  // Mistakes have a random stream of their own: without mistakes the requests stay the same.
  const slips = kernel.random(`mistakes/${options.endpoint}/${options.seed}`);
  const body = (): Buffer => {
    const measured = measure();
    return options.mistakes !== undefined && slips() < options.mistakes ? Buffer.from(`${measured},cm`) : measured;
  };
  let owed = 0;
  const timer = kernel.clock.every(secondMs, `traffic to ${options.endpoint}`, () => {
    owed += options.requestsPerSecond;
    const bodies = Array.from({ length: Math.floor(owed) }, body);
    owed -= bodies.length;
    hosting.drive(options.endpoint, bodies, 'text/csv', kernel.clock.now());
  });
  return { stop: () => timer.cancel() };
};
