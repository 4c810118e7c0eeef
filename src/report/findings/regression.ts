import type { Regression } from '../../findings/regression.ts';
import { regressionSection } from '../regression/html.ts';
import { regressionCases } from '../regression/junit.ts';
import { regressionMarkdown } from '../regression/summary.ts';
import type { FindingsRenderer } from './renderer.ts';

export const regressionRenderer = {
  member: 'regression',
  summary: regressionMarkdown,
  html: regressionSection,
  junit: regressionCases,
} as const satisfies FindingsRenderer<Regression>;
