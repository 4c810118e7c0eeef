import type { Kernel, TrafficOptions } from './contracts.ts';
import { goldenSet, irisData } from './fixtures/fixtures.ts';
import type { HostingFace } from './services/sagemaker/sagemaker.ts';

const secondMs = 1000;
/** Callers measure flowers of the same species, not the same flowers: each feature moves by up to this, in centimetres. */
const jitterCentimetres = 0.1;

/** The numbers of one request, by the model that takes it. */
const rowsOf: Readonly<Record<NonNullable<TrafficOptions['model']>, () => (random: () => number) => string>> = {
  iris: () => {
    const { rows } = irisData();
    return (random) => {
      const row = rows[Math.floor(random() * rows.length)] ?? [];
      const features = row
        .slice(0, 4)
        .map((value) => (Number(value) + (2 * random() - 1) * jitterCentimetres).toFixed(2));
      return features.join(',');
    };
  },
  segments: () => {
    const [, ...lines] = goldenSet('segments').content.toString('utf8').trimEnd().split('\n');
    // Column 0 is the id, column 1 the label.
    const rows = lines.map((line) => line.split(',').slice(2).join(','));
    return (random) => rows[Math.floor(random() * rows.length)] ?? '';
  },
};

/**
 * Seeded background requests on whole seconds, from the next one until stopped: rows of the model's data set as CSV, those of iris a
 * little moved. A rate below one sends a request every so many seconds.
 */
export const startTraffic = (kernel: Kernel, hosting: HostingFace, options: TrafficOptions): { stop(): void } => {
  const random = kernel.random(`traffic/${options.endpoint}/${options.seed}`);
  const measure = rowsOf[options.model ?? 'iris']();
  // Mistakes have a random stream of their own: without mistakes the requests stay the same.
  const slips = kernel.random(`mistakes/${options.endpoint}/${options.seed}`);
  const { own } = options;
  const body = (): Buffer => {
    if (own !== undefined) return own.bodies[Math.floor(random() * own.bodies.length)] ?? Buffer.of();
    const measured = measure(random);
    return Buffer.from(options.mistakes !== undefined && slips() < options.mistakes ? `${measured},cm` : measured);
  };
  let owed = 0;
  const timer = kernel.clock.every(secondMs, `traffic to ${options.endpoint}`, () => {
    owed += options.requestsPerSecond;
    const bodies = Array.from({ length: Math.floor(owed) }, body);
    owed -= bodies.length;
    hosting.drive(options.endpoint, bodies, own?.contentType ?? 'text/csv', kernel.clock.now());
  });
  return { stop: () => timer.cancel() };
};
