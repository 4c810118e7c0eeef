import { answered, cleared } from './ask-rows.ts';
import { begun, plan } from './attempt.ts';
import { checked } from './checks/checks.ts';
import { conclude } from './conclude.ts';
import { candidateChanged, subjectChanged } from './disturbed.ts';
import type { RegressionTestMemory, Turn } from './progress.ts';
import type { Standing } from './standing.ts';
import { verdictFound } from './verdict-found.ts';

/** The next step of a test, wherever its models answer: plan, begin, get the answers, check, clear away, decide. */
export const takeStep = async (at: Standing, remembered: RegressionTestMemory | undefined): Promise<Turn> => {
  const memory = begunFor(at.id, remembered);
  const early = (await subjectChanged(at, memory)) ?? (await verdictFound(at, memory));
  if (early !== undefined) return early;
  if (memory === undefined) return plan(at);
  const going = (await candidateChanged(at)) ?? (await begun(at));
  if ('is' in going) return going;
  return (await answered(going)) ?? (await checked(going)) ?? (await cleared(going)) ?? conclude(going);
};

/** Where nothing was begun for another subject, this one is planned. */
const begunFor = (id: string, memory: RegressionTestMemory | undefined): RegressionTestMemory | undefined =>
  memory?.attempt === undefined && memory?.of !== id ? undefined : memory;
