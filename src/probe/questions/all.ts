import type { Question } from '../question.ts';
import { alarms } from './alarms.ts';
import { calls } from './calls.ts';
import { pipelines } from './pipelines.ts';
import { registry } from './registry.ts';
import { requests } from './requests.ts';
import { transform } from './transform.ts';
import { updates } from './updates.ts';

/** Every question, in the order in which they are asked: cheap ones first. */
export const questions: readonly Question[] = [
  ...calls,
  ...registry,
  ...updates,
  ...alarms,
  ...requests,
  ...transform,
  ...pipelines,
];
