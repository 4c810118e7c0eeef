import type { Mechanism } from '../mechanism.ts';
import { type AliasPlan, planAlias } from './plan.ts';
import { confirmDeployment, submitDeployment } from './submit.ts';
import { causeOf, differences, stopDeployment, superviseDeployment } from './supervise.ts';
import type { TargetLook } from './target.ts';

/** CodeDeploy moves the traffic of an alias or a service by its own timer, and its alarms take it back; the suite supervises to the verified end. */
export const codedeploy: Mechanism<AliasPlan, TargetLook> = {
  plan: planAlias,
  submit: submitDeployment,
  observe: (turn) => (turn.release.phase === 'submitting' ? confirmDeployment(turn) : superviseDeployment(turn)),
  stop: stopDeployment,
  verify: differences,
  cause: causeOf,
};
