import { sha256 } from '../../digest.ts';
import type { AliasDeployment, ServiceDeployment } from '../../release/record.ts';

type AliasContent = Pick<AliasDeployment, 'function' | 'variant' | 'from' | 'to' | 'hooks'>;
type ServiceContent = Pick<ServiceDeployment, 'familyArn' | 'properties' | 'to'>;

/** The revision of a deployment. */
export const revisionOf = (submission: AliasContent | ServiceContent) => {
  const resource = 'function' in submission ? functionIn(submission) : serviceIn(submission);
  const hooks = 'function' in submission ? hooksIn(submission) : [];
  const content = JSON.stringify({
    version: 0.0,
    Resources: [resource],
    ...(hooks.length === 0 ? {} : { Hooks: hooks }),
  });
  return { revisionType: 'AppSpecContent', appSpecContent: { content, sha256: sha256(content) } } as const;
};

/** CodeDeploy user guide, "AppSpec 'resources' section for Amazon ECS deployments". */
const serviceIn = ({ familyArn, properties, to }: ServiceContent) => {
  if (to === undefined) throw new Error(`no revision of ${familyArn} is registered for this release`);
  return {
    TargetService: { Type: 'AWS::ECS::Service', Properties: { TaskDefinition: `${familyArn}:${to}`, ...properties } },
  };
};

/** CodeDeploy user guide, "AppSpec file structure for AWS Lambda deployments". */
const functionIn = (submission: AliasContent) => ({
  [submission.function]: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Name: submission.function,
      Alias: submission.variant,
      CurrentVersion: submission.from,
      TargetVersion: submission.to,
    },
  },
});

const hooksIn = ({ hooks: { beforeAllowTraffic, afterAllowTraffic } = {} }: AliasContent) => [
  ...(beforeAllowTraffic === undefined ? [] : [{ BeforeAllowTraffic: beforeAllowTraffic }]),
  ...(afterAllowTraffic === undefined ? [] : [{ AfterAllowTraffic: afterAllowTraffic }]),
];
