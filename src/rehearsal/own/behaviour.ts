import type { Inference } from '../../../simulator/containers/model-server.ts';

/** How the serving code of a stand-in behaves. */
export type Behaviour = Partial<Inference>;

export const behaviourAllowed =
  'good, unhealthy, wrong, or one or more of errors=2%, latency=300ms, tail=900ms@3%, leak=5%@3000, joined by commas';

/** `errors=2%,latency=200ms`; undefined for another text. */
export const readBehaviour = (written: string): Behaviour | undefined => {
  const whole = words[written];
  if (whole !== undefined) return whole;
  let found: Behaviour = {};
  for (const part of written.split(',')) {
    const [, name = '', value = ''] = /^([a-z]+)=(\S+)$/.exec(part.trim()) ?? [];
    const read = amounts[name]?.(value);
    // A part that is there twice contradicts itself, as errors and a leak do.
    if (read === undefined || Object.keys(read).some((key) => key in found)) return undefined;
    found = { ...found, ...read };
  }
  return found;
};

const words: Readonly<Record<string, Behaviour>> = {
  good: {},
  unhealthy: { healthy: false },
  // It takes centimetres for millimetres: no answer is an error.
  wrong: { inputScale: 10 },
};

const amounts: Readonly<Record<string, (value: string) => Behaviour | undefined>> = {
  errors: (value) => mapped(readShare(value), (failingShare) => ({ failingShare })),
  latency: (value) => mapped(readMilliseconds(value), usually),
  tail: (value) => {
    const [time = '', part = ''] = value.split('@');
    const [tailMs, tailShare] = [readMilliseconds(time), readShare(part)];
    return tailMs === undefined || tailShare === undefined ? undefined : { tailMs, tailShare };
  },
  // Nothing fails before so many requests of one instance.
  leak: (value) => {
    const [part = '', after = ''] = value.split('@');
    const failingShare = readShare(part);
    return failingShare === undefined || !/^[1-9]\d{0,8}$/.test(after)
      ? undefined
      : { failingShare, failsAfter: Number(after) };
  },
};

export const mapped = <From, To>(value: From | undefined, to: (value: From) => To): To | undefined =>
  value === undefined ? undefined : to(value);

/** Half of the answers take less than this; they spread over a few milliseconds. */
export const usually = (medianMs: number): Behaviour => {
  const spreadMs = Math.min(8, 2 * medianMs);
  return { baseMs: medianMs - spreadMs / 2, spreadMs };
};

/** `0.1%` → 0.001. */
export const readShare = (written: string): number | undefined => {
  const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(written)?.[1];
  return percent === undefined || Number(percent) > 100 ? undefined : Number(percent) / 100;
};

/** `300ms`, `1.5s` → milliseconds; SageMaker ends a request after 60 s. */
export const readMilliseconds = (written: string): number | undefined => {
  const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(written) ?? [];
  const found = Number(amount) * (unit === 's' ? 1000 : 1);
  return unit === undefined || found > 60_000 ? undefined : found;
};
