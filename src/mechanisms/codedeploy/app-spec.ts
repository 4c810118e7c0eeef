import { sha256 } from '../../digest.ts';
import type { AliasDeployment } from '../../release/record.ts';

/** The revision of a deployment (CodeDeploy user guide, "AppSpec file structure for AWS Lambda deployments"). */
export const revisionOf = (submission: Pick<AliasDeployment, 'function' | 'variant' | 'from' | 'to' | 'hooks'>) => {
  const { beforeAllowTraffic, afterAllowTraffic } = submission.hooks ?? {};
  const hooks = [
    ...(beforeAllowTraffic === undefined ? [] : [{ BeforeAllowTraffic: beforeAllowTraffic }]),
    ...(afterAllowTraffic === undefined ? [] : [{ AfterAllowTraffic: afterAllowTraffic }]),
  ];
  const content = JSON.stringify({
    version: 0.0,
    Resources: [
      {
        [submission.function]: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Name: submission.function,
            Alias: submission.variant,
            CurrentVersion: submission.from,
            TargetVersion: submission.to,
          },
        },
      },
    ],
    ...(hooks.length === 0 ? {} : { Hooks: hooks }),
  });
  return { revisionType: 'AppSpecContent', appSpecContent: { content, sha256: sha256(content) } } as const;
};
