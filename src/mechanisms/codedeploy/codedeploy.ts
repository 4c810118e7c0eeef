import type { Mechanism } from '../mechanism.ts';
import type { AliasLook } from './alias.ts';
import { type AliasPlan, planAlias } from './plan.ts';
import { confirmDeployment, submitDeployment } from './submit.ts';
import { causeOf, differences, stopDeployment, superviseDeployment } from './supervise.ts';

/** CodeDeploy moves the alias of a Lambda function by its own timer, and its alarms take it back; the suite supervises to the verified end. */
export const codedeploy: Mechanism<AliasPlan, AliasLook> = {
  plan: planAlias,
  submit: submitDeployment,
  observe: (turn) => (turn.release.phase === 'submitting' ? confirmDeployment(turn) : superviseDeployment(turn)),
  stop: stopDeployment,
  verify: differences,
  cause: causeOf,
};
