import { readPackageEvent } from '../registry/package-event.ts';
import { file, flag, optional, text, type ValuesOf } from '../schema.ts';
import { sharedInputs } from './shared-inputs.ts';

/** Without it the same command would be a plain rollback, from a version that is not rejected. */
const emptyRejection = 'a variable without a value? Leave it out for a rollback from the version that serves';

/** Without it the same command would go back to another version than the one that was meant. */
const emptyAim = 'a variable without a value? Leave it out to go back to the last version that served well';

export const rollbackInputs = {
  ...sharedInputs,
  environment: {
    ...sharedInputs.environment,
    description:
      'Name of the environment in the manifest. On the command line it may be left out with `rejected` or `event`: then each environment gets a run of its own.',
  },
  to: optional({
    ...text({
      description:
        'Version to go back to, as it served before; for a package without a version its number. For a configuration that others deployed: the name of its endpoint config. Default: the last version that served well; while a candidate waits without traffic, the version that serves, without the candidate.',
      example: '1.3.0',
    }),
    refusesEmpty: emptyAim,
  }),
  'only-rejected': flag({
    description:
      'Only leave a version that is rejected, which `rejected` or `event` names. Except on the command line neither is accepted without it, and it is refused without one of them: an empty expression never becomes a rollback from a good version.',
    default: false,
  }),
  rejected: optional({
    ...text({
      description:
        'The version to take back where it serves or waits as a candidate, because the registry has it as `Rejected` now: `1.4.0`, `churn_v1.4.0`, a number or an ARN. Does nothing where it does not serve.',
      example: '1.4.0',
    }),
    refusesEmpty: emptyRejection,
  }),
  event: optional({
    ...file({
      description:
        'File with an event of EventBridge, `SageMaker Model Package State Change`, in place of `rejected`. It only names the version: the registry decides.',
      example: 'event.json',
      parse: readPackageEvent,
    }),
    refusesEmpty: emptyRejection,
  }),
  'only-expired': flag({
    description: 'Only settle a release whose run died: for a schedule, as a watchdog. Does nothing otherwise.',
    default: false,
  }),
  because: text({
    description: 'Reason of the rollback, for the release history.',
    default: 'rolled back by hand',
    example: 'wrong prices since noon',
  }),
};
export type RollbackInputs = ValuesOf<typeof rollbackInputs>;
