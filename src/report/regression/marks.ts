import type { Ruling } from '../../findings/comparison.ts';

export const marks: Readonly<Record<Ruling, string>> = { pass: '✅', fail: '❌', inconclusive: '❔' };
