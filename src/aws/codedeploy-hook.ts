import { codedeployCall, type DeploymentInfo } from './codedeploy.ts';
import type { SendSigned } from './signed.ts';

/** API: LambdaTarget. Times are epoch seconds. */
export interface LambdaTarget {
  readonly lifecycleEvents?: readonly {
    readonly lifecycleEventName?: string;
    readonly status?: string;
    readonly startTime?: number;
  }[];
  readonly lambdaFunctionInfo?: {
    readonly functionName?: string;
    readonly functionAlias?: string;
    readonly currentVersion?: string;
    readonly targetVersion?: string;
  };
}

/** Of CodeDeploy, the calls of a lifecycle hook: no other host makes them, so they are in no other bundle. */
export const codedeployHook = (send: SendSigned) => {
  const call = codedeployCall(send);
  return {
    getDeployment: (input: { readonly deploymentId: string }) =>
      call('GetDeployment', input) as Promise<{ readonly deploymentInfo?: DeploymentInfo }>,
    listDeploymentTargets: (input: { readonly deploymentId: string }) =>
      call('ListDeploymentTargets', input) as Promise<{ readonly targetIds?: readonly string[] }>,
    getDeploymentTarget: (input: { readonly deploymentId: string; readonly targetId: string }) =>
      call('GetDeploymentTarget', input) as Promise<{
        readonly deploymentTarget?: { readonly lambdaTarget?: LambdaTarget };
      }>,
    /** Of the statuses only these two are taken (API reference). */
    putLifecycleEventHookExecutionStatus: (input: {
      readonly deploymentId: string;
      readonly lifecycleEventHookExecutionId: string;
      readonly status: 'Succeeded' | 'Failed';
    }) => call('PutLifecycleEventHookExecutionStatus', input),
  };
};
export type CodedeployHook = ReturnType<typeof codedeployHook>;
